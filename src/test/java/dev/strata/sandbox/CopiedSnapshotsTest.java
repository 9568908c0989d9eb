package dev.strata.sandbox;

final class CopiedSnapshotsTest extends SnapshotsContract {
    @Override
    String driver() {
        return "copy";
    }
}
