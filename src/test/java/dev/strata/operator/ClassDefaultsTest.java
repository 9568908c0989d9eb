package dev.strata.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.PodSettings;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ClassDefaultsTest {
    private static ClassDefaults defaults(String spec, String settings) {
        return new ClassDefaults(
                Serialization.unmarshal("---\n" + spec, ImageBuildSpec.class),
                Serialization.unmarshal("---\n" + settings, BuildClassSpec.class));
    }

    private static PodSettings.Resources resources(ClassDefaults defaults) {
        return Objects.requireNonNull(defaults.pod().resources());
    }

    @Test
    void whereNobodySaysAnythingStrataDoes() {
        ClassDefaults defaults = defaults("{}", "{}");

        assertThat(defaults.timeout()).isEqualTo(Duration.ofHours(1));
        assertThat(defaults.retryLimit()).isEqualTo(3);
        assertThat(resources(defaults))
                .isEqualTo(new PodSettings.Resources(
                        Map.of("cpu", new Quantity("250m"), "memory", new Quantity("512Mi")), Map.of()));
    }

    @Test
    void aBuildsWordCountsMoreThanItsClasss() {
        ClassDefaults defaults = defaults(
                "{timeout: 10m, retry: {limit: 0}, pod: {resources: {limits: {memory: 1Gi}}, nodeSelector: {a: build}}}",
                "{timeout: 20m, retry: {limit: 9}, pod: {resources: {limits: {memory: 2Gi, cpu: 3}}, nodeSelector: {a: class, b: class}}}");

        assertThat(defaults.timeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(defaults.retryLimit()).isZero();
        assertThat(defaults.pod().nodeSelector()).containsEntry("a", "build").containsEntry("b", "class");
        assertThat(resources(defaults).limits())
                .containsEntry("memory", new Quantity("1Gi"))
                .containsEntry("cpu", new Quantity("3"));
    }

    @Test
    void aMaximumIsTheLimitWhereNobodyGivesOneAndTheRequestStaysSmall() {
        PodSettings.Resources resources = resources(defaults("{}", "{maximum: {resources: {memory: 8Gi}}}"));

        assertThat(resources.limits()).containsOnlyKeys("memory").containsEntry("memory", new Quantity("8Gi"));
        assertThat(resources.requests()).containsEntry("memory", new Quantity("512Mi"));
    }

    @Test
    void whatTheClassGivesIsCutToItsMaximum() {
        ClassDefaults defaults = defaults(
                "{}",
                "{timeout: 1h, retry: {limit: 9}, maximum: {timeout: 30m, retries: 2, resources: {memory: 256Mi}},"
                        + " pod: {resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}}}");

        assertThat(defaults.timeout()).isEqualTo(Duration.ofMinutes(30));
        assertThat(defaults.retryLimit()).isEqualTo(2);
        assertThat(resources(defaults).limits()).containsEntry("memory", new Quantity("256Mi"));
        assertThat(resources(defaults).requests()).containsEntry("memory", new Quantity("256Mi"));
    }
}
