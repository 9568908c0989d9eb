package dev.strata.registry;

import dev.strata.image.Descriptor;
import dev.strata.image.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which of an index's manifests serves a platform: the same one, or the nearest that its processor can run, as
 * containerd chooses ({@code platforms.Only}).
 */
final class PlatformChoice {
    private PlatformChoice() {}

    static Optional<Descriptor> choose(List<Descriptor> manifests, Platform wanted) {
        for (Platform acceptable : acceptable(wanted)) {
            for (Descriptor manifest : manifests) {
                if (manifest.platform() != null && acceptable.accepts(manifest.platform())) {
                    return Optional.of(manifest);
                }
            }
        }
        return Optional.empty();
    }

    /** The best first. */
    static List<Platform> acceptable(Platform wanted) {
        List<Platform> platforms = new ArrayList<>();
        String os = wanted.os();
        String variant = wanted.variant();
        switch (wanted.architecture()) {
            case "amd64" -> {
                descending(variant, 1).forEach(n -> platforms.add(parse(os, "amd64", n)));
                platforms.add(new Platform(os, "386", null));
            }
            case "arm64" -> {
                platforms.add(wanted);
                platforms.add(Platform.parse(os + "/arm64"));
                for (int n = 8; n >= 5; n--) {
                    platforms.add(parse(os, "arm", n));
                }
            }
            case "arm" -> descending(variant, 5).forEach(n -> platforms.add(parse(os, "arm", n)));
            default -> platforms.add(wanted);
        }
        return platforms;
    }

    private static List<Integer> descending(@org.jspecify.annotations.Nullable String variant, int lowest) {
        int from = variant != null && variant.matches("v\\d") ? variant.charAt(1) - '0' : lowest;
        List<Integer> numbers = new ArrayList<>();
        for (int n = from; n >= lowest; n--) {
            numbers.add(n);
        }
        return numbers;
    }

    private static Platform parse(String os, String architecture, int variant) {
        return Platform.parse(os + "/" + architecture + "/v" + variant);
    }
}
