package dev.strata.layer;

/** A change as a line of a test. */
final class ChangeText {
    private ChangeText() {}

    static String of(Change change) {
        return switch (change) {
            case Change.Put put -> "put " + put.path();
            case Change.Remove remove -> "remove " + remove.path();
            case Change.Opaque opaque -> "opaque " + opaque.path();
        };
    }
}
