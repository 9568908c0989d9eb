package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PodLabelsTest {
    private static String name(String build, String uid, String inputs) {
        return PodLabels.podName(build, uid, inputs, "linux/arm64/v8", 12);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "shop",
                "shop.web",
                "a-very-long-name-of-a-build-that-goes-on-and-on-until-it-is-far-too-long-for-a-pod"
            })
    void aPodsNameIsAHostName(String build) {
        assertThat(name(build, "uid", Examples.HASH))
                .matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
                .hasSizeLessThanOrEqualTo(63)
                .endsWith("-arm64v8-12");
    }

    @Test
    void theSameAttemptHasTheSameName() {
        assertThat(name("shop", "uid", Examples.HASH)).isEqualTo(name("shop", "uid", Examples.HASH));
    }

    @Test
    void otherInputsAndARemadeBuildHaveOtherNames() {
        assertThat(name("shop", "uid", Examples.HASH))
                .isNotEqualTo(name("shop", "uid", Examples.OTHER_HASH))
                .isNotEqualTo(name("shop", "other", Examples.HASH));
    }

    @Test
    void longNamesThatBeginAlikeDiffer() {
        String start = "a".repeat(60);
        assertThat(name(start + "b", "uid", Examples.HASH)).isNotEqualTo(name(start + "c", "uid", Examples.HASH));
    }
}
