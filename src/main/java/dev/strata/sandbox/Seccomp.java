package dev.strata.sandbox;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The system calls that a command may make. The list is docker's default for its default capabilities; calls that the
 * list does not know are answered as by a kernel that does not have them, so that newer C libraries fall back to older
 * calls instead of failing.
 *
 * <p>Source: github.com/moby/profiles/seccomp v0.3.0, default.json; OCI runtime specification, config-linux.md, seccomp.
 */
final class Seccomp {
    private static final Map<String, Object> RULES = rules();

    private Seccomp() {}

    /** Whether this kernel has filters of system calls. */
    static boolean isThere() {
        return Files.exists(Path.of("/proc/sys/kernel/seccomp/actions_avail"));
    }

    /**
     * The section {@code linux.seccomp} of a bundle.
     *
     * @param machine as the system property {@code os.arch} tells it
     * @throws SandboxException where the order of arguments on such a machine is unknown
     */
    static Map<String, Object> filter(String machine) {
        Map<String, Object> filter = new LinkedHashMap<>(RULES);
        filter.put("architectures", architectures(machine));
        return filter;
    }

    private static List<String> architectures(String machine) {
        return switch (machine) {
            case "amd64", "x86_64" -> List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
            case "aarch64" -> List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
            case "ppc64le" -> List.of("SCMP_ARCH_PPC64LE");
            case "riscv64" -> List.of("SCMP_ARCH_RISCV64");
            case "loongarch64" -> List.of("SCMP_ARCH_LOONGARCH64");
            default ->
                throw new SandboxException(
                        "there is no filter of system calls for processors of the kind \"" + machine + "\"",
                        "Build on a machine with amd64, arm64, ppc64le, riscv64 or loongarch64");
        };
    }

    private static Map<String, Object> rules() {
        try (InputStream json = Objects.requireNonNull(Seccomp.class.getResourceAsStream("seccomp.json"))) {
            return JsonMapper.builder().build().readValue(json, new TypeReference<LinkedHashMap<String, Object>>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
