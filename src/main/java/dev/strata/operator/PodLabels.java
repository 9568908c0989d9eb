package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.image.Digest;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is written on a builder's pod, so that any operator can read what it is for; and its name. */
final class PodLabels {
    static final String MANAGED_BY = "app.kubernetes.io/managed-by";
    static final String STRATA = "strata";
    /** Selects all that the operator makes. */
    static final String SELECTOR = MANAGED_BY + "=" + STRATA;

    /** Selects all else. */
    static final String NOT_OURS = MANAGED_BY + "!=" + STRATA;

    static final String BUILD = ImageBuild.GROUP + "/build";
    static final String INPUTS = ImageBuild.GROUP + "/inputs";
    static final String SETTINGS = ImageBuild.GROUP + "/settings";
    static final String PLATFORM = ImageBuild.GROUP + "/platform";
    static final String ATTEMPT = ImageBuild.GROUP + "/attempt";
    static final String GENERATION = ImageBuild.GROUP + "/generation";
    static final String ISOLATION = ImageBuild.GROUP + "/isolation";
    static final String CLASS = ImageBuild.GROUP + "/class";

    /** What Kubernetes allows for the value of a label and, for host names' sake, for the name of a pod. */
    private static final int LIMIT = 63;

    private PodLabels() {}

    /**
     * The one name that an attempt's pod can have: the API server refuses a second one.
     *
     * @param uid of the build, so that a build made anew after its deletion never meets its forerunner's pods
     */
    static String podName(String build, String uid, String inputs, String platform, int attempt) {
        String hash = Digest.sha256((uid + "\n" + build + "\n" + inputs).getBytes(StandardCharsets.UTF_8))
                .hex()
                .substring(0, 10);
        String tail = "-" + hash + "-"
                + platform.substring(platform.indexOf('/') + 1).replaceAll("[^a-z0-9]", "") + "-" + attempt;
        return shortened(build.replace('.', '-'), LIMIT - tail.length()) + tail;
    }

    /** A build's name as a label's value; a long one is cut, so the label is for people and selectors only. */
    static String buildLabel(String build) {
        return shortened(build, LIMIT);
    }

    private static String shortened(String text, int limit) {
        return text.length() <= limit ? text : text.substring(0, limit).replaceAll("[-.]+$", "");
    }

    static String inputs(Pod pod) {
        return annotation(pod, INPUTS).orElse("");
    }

    static String settings(Pod pod) {
        return annotation(pod, SETTINGS).orElse("");
    }

    static String platform(Pod pod) {
        return annotation(pod, PLATFORM).orElse("");
    }

    static int attempt(Pod pod) {
        return (int) number(annotation(pod, ATTEMPT));
    }

    static long generation(Pod pod) {
        return number(annotation(pod, GENERATION));
    }

    static String className(Pod pod) {
        return annotation(pod, CLASS).orElse("");
    }

    static @Nullable String isolation(Pod pod) {
        return annotation(pod, ISOLATION).orElse(null);
    }

    private static Optional<String> annotation(Pod pod, String key) {
        return Optional.ofNullable(pod.getMetadata().getAnnotations()).map((Map<String, String> all) -> all.get(key));
    }

    private static long number(Optional<String> text) {
        return text.filter(digits -> digits.matches("\\d{1,9}"))
                .map(Long::parseLong)
                .orElse(0L);
    }
}
