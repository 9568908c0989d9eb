package dev.strata.sandbox;

final class OverlaySnapshotsTest extends SnapshotsContract {
    @Override
    String driver() {
        return "overlay";
    }
}
