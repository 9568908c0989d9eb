package dev.strata.sandbox;

final class RuncTest extends OciRuntimeContract {
    @Override
    String program() {
        return "runc";
    }

    @Override
    boolean keepsOrder() {
        return false;
    }
}
