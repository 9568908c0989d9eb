package dev.strata;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How long tests wait for what comes nearly at once on a machine that does nothing else: so long that the test is right on
 * one whose processes stand still for many seconds. JUnit finds it by {@code META-INF/services} and asks it for every class.
 */
public final class Patience implements BeforeAllCallback {
    /** For conditions, latches and processes. */
    public static final Duration LONG = Duration.ofMinutes(4);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LONG);
    }
}
