package dev.strata;

/** The command line. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.err.println("strata: no command yet");
        System.exit(2);
    }
}
