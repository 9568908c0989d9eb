package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

final class LintCases {
    private LintCases() {}

    static @Nullable String difference(JsonNode one) {
        return null;
    }
}
