package dev.strata.builder;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.GlobalScope;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import dev.strata.plan.Plan;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The time that nothing in an image may be later than. Source: reproducible-builds.org, SOURCE_DATE_EPOCH; as a build
 * argument it is BuildKit's, which lets an ARG before the first FROM give its default.
 */
final class SourceDate {
    private static final String NAME = "SOURCE_DATE_EPOCH";

    private SourceDate() {}

    /**
     * @param context the time of the build context's commit; null where it has none
     * @return null where nobody asked for one
     * @throws FailureException where the value says no time
     */
    static @Nullable Instant of(Plan plan, Dockerfile file, @Nullable Instant context) {
        if (plan.sourceDateEpoch() != null) {
            return Instant.ofEpochSecond(plan.sourceDateEpoch());
        }
        String value = argument(plan, file);
        if (value.matches("[0-9]{1,12}")) {
            return Instant.ofEpochSecond(Long.parseLong(value));
        }
        if (!value.isEmpty() && !value.equals("context")) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER,
                    "invalid " + NAME + ": " + value,
                    null,
                    "Give seconds since 1970, or \"context\" for the time of the context's commit"));
        }
        if (value.isEmpty() && !plan.reproducible()) {
            return null;
        }
        return context == null && plan.reproducible() ? Instant.EPOCH : context;
    }

    private static String argument(Plan plan, Dockerfile file) {
        Map<String, String> given = new HashMap<>();
        plan.args().forEach((name, value) -> {
            if (value != null) {
                given.put(name, value);
            }
        });
        String value = given.get(NAME);
        return value != null
                ? value
                : GlobalScope.of(file, given, Map.of()).values().getOrDefault(NAME, "");
    }
}
