package dev.strata.sandbox;

final class CrunTest extends OciRuntimeContract {
    @Override
    String program() {
        return "crun";
    }

    @Override
    boolean keepsOrder() {
        return true;
    }
}
