package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An operating system and a processor, written {@code os/architecture[/variant]}, in Go's words (GOOS, GOARCH).
 *
 * <p>Source: OCI image specification, image-index.md, "platform"; aliases as containerd's platforms package has them.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record Platform(
        String os,
        String architecture,
        @Nullable String variant,
        @JsonProperty("os.version") @Nullable String osVersion,
        @JsonProperty("os.features") @Nullable List<String> osFeatures) {
    /** Words that stand alone; with a slash anything does. Source: Go's list of ports. */
    private static final Set<String> OPERATING_SYSTEMS = Set.of(
            "aix",
            "android",
            "darwin",
            "dragonfly",
            "freebsd",
            "illumos",
            "ios",
            "js",
            "linux",
            "netbsd",
            "openbsd",
            "plan9",
            "solaris",
            "wasip1",
            "windows");

    private static final Set<String> ARCHITECTURES = Set.of(
            "386",
            "amd64",
            "arm",
            "arm64",
            "loong64",
            "mips",
            "mips64",
            "mips64le",
            "mipsle",
            "ppc64",
            "ppc64le",
            "riscv64",
            "s390x",
            "wasm");

    public Platform(String os, String architecture, @Nullable String variant) {
        this(os, architecture, variant, null, null);
    }

    /** Reads {@code os/architecture[/variant]} or a bare architecture (then linux) or operating system, normalised. */
    public static Platform parse(String text) {
        String[] parts = text.trim().toLowerCase(Locale.ROOT).split("/", -1);
        for (String part : parts) {
            if (!part.matches("[a-z0-9_.-]+")) {
                throw new IllegalArgumentException(
                        "platform \"" + text + "\" must look like linux/amd64 or linux/arm64/v8");
            }
        }
        return switch (parts.length) {
            case 1 -> ofWord(parts[0]);
            case 2 -> of(parts[0], parts[1], null);
            case 3 -> of(parts[0], parts[1], parts[2]);
            default ->
                throw new IllegalArgumentException("platform \"" + text
                        + "\" has too many parts; it must look like linux/amd64 or linux/arm64/v8");
        };
    }

    private static Platform ofWord(String word) {
        if (OPERATING_SYSTEMS.contains(word)) {
            return of(word, host().architecture(), null);
        }
        Platform linux = of("linux", word, null);
        if (!ARCHITECTURES.contains(linux.architecture)) {
            throw new IllegalArgumentException("platform \"" + word
                    + "\": unknown operating system or architecture; it must look like linux/amd64 or linux/arm64/v8");
        }
        return linux;
    }

    private static Platform of(String os, String architecture, @Nullable String variant) {
        return switch (architecture) {
            case "x86_64", "x86-64" -> of(os, "amd64", variant);
            case "aarch64" -> of(os, "arm64", variant);
            case "i386", "i686" -> of(os, "386", variant);
            case "armhf" -> of(os, "arm", "v7");
            case "armel" -> of(os, "arm", "v6");
            case "arm64" -> new Platform(os, "arm64", variant == null || variant.matches("v?8") ? null : variant);
            case "amd64" -> new Platform(os, "amd64", "v1".equals(variant) ? null : variant);
            case "arm" ->
                new Platform(os, "arm", variant == null ? "v7" : variant.startsWith("v") ? variant : "v" + variant);
            default -> new Platform(os, architecture, variant);
        };
    }

    /** The platform that this process runs on. */
    public static Platform host() {
        String os = System.getProperty("os.name", "linux").toLowerCase(Locale.ROOT);
        String name = os.startsWith("mac") ? "darwin" : os.startsWith("windows") ? "windows" : os;
        return of(name, System.getProperty("os.arch", "amd64").toLowerCase(Locale.ROOT), null);
    }

    /** Whether an image made for {@code offered} can serve where this platform was asked for. */
    public boolean accepts(Platform offered) {
        Platform other = of(offered.os, offered.architecture, offered.variant);
        return os.equals(other.os)
                && architecture.equals(other.architecture)
                && (variant == null ? other.variant == null : variant.equals(other.variant));
    }

    @Override
    public String toString() {
        return os + "/" + architecture + (variant == null ? "" : "/" + variant);
    }
}
