package dev.strata.operator;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.BuildClassSpec.Maximum;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a build gets: what it says itself, else what its class says, else Strata's own; and never more than the class's
 * maximum. That a build asks for more is refused before ({@link ClassRules}), so what is cut here is what it did not ask for.
 */
record ClassDefaults(ImageBuildSpec spec, BuildClassSpec settings) {
    /** What a builder needs to be scheduled where neither build nor class says anything. */
    private static final Map<String, Quantity> REQUESTS =
            Map.of("cpu", new Quantity("250m"), "memory", new Quantity("512Mi"));

    Duration timeout() {
        Duration asked = spec.timeout() != null
                ? duration(spec.timeout())
                : settings.timeout() != null ? duration(settings.timeout()) : OperatorSettings.TIMEOUT;
        String most = settings.maximum() == null ? null : settings.maximum().timeout();
        return most != null && asked.compareTo(duration(most)) > 0 ? duration(most) : asked;
    }

    /**
     * Reads {@code 1h30m}.
     *
     * @throws java.time.DateTimeException if the text is none
     */
    static Duration duration(String text) {
        return Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
    }

    int retryLimit() {
        int asked = spec.retry() != null && spec.retry().limit() != null
                ? spec.retry().limit()
                : settings.retry() != null && settings.retry().limit() != null
                        ? settings.retry().limit()
                        : OperatorSettings.RETRIES;
        Integer most = settings.maximum() == null ? null : settings.maximum().retries();
        return most == null ? asked : Math.min(asked, most);
    }

    /** A build's own settings over those of its class, value by value. */
    PodSettings pod() {
        PodSettings below = template().settings();
        PodSettings above = spec.pod() == null ? PodSettings.NONE : spec.pod();
        Map<String, String> nodeSelector = new TreeMap<>(below.nodeSelector());
        nodeSelector.putAll(above.nodeSelector());
        List<PodSettings.Toleration> tolerations = new ArrayList<>(below.tolerations());
        tolerations.addAll(above.tolerations());
        return new PodSettings(resources(below.resources(), above.resources()), nodeSelector, tolerations);
    }

    PodTemplate template() {
        return settings.pod() == null ? PodTemplate.NONE : settings.pod();
    }

    private PodSettings.Resources resources(
            PodSettings.@Nullable Resources below, PodSettings.@Nullable Resources above) {
        Map<String, Quantity> limits = new TreeMap<>(below == null ? Map.of() : below.limits());
        limits.putAll(above == null ? Map.of() : above.limits());
        Map<String, Quantity> requests = new TreeMap<>(REQUESTS);
        requests.keySet().removeAll(limits.keySet()); // Kubernetes asks for as much as the limit where nothing is said
        requests.putAll(below == null ? Map.of() : below.requests());
        requests.putAll(above == null ? Map.of() : above.requests());
        Maximum maximum = settings.maximum();
        if (maximum != null) {
            maximum.resources().forEach((name, most) -> {
                limits.merge(name, most, ClassDefaults::less);
                requests.computeIfPresent(name, (same, asked) -> less(asked, most));
            });
        }
        return new PodSettings.Resources(requests, limits);
    }

    private static Quantity less(Quantity one, Quantity other) {
        return ClassRules.isMore(one, other) ? other : one;
    }
}
