package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The filter of system calls as the kernel takes it. crun compiles the rules of each container anew, which takes more
 * processor time than all the rest of a start; what it has made of them for a first command is given to the next ones.
 * All commands of a process have the same rules.
 *
 * <p>Source: crun(1), run.oci.seccomp_bpf_data; a crun that does not know it compiles the rules, which are told as well.
 */
final class CompiledFilter {
    /** Bytes of one instruction. Source: linux/filter.h, struct sock_filter. */
    private static final int INSTRUCTION = 8;

    private volatile @Nullable String compiled;

    /**
     * Gives the filter to a container, or asks for it where there is none yet.
     *
     * @param source where crun has it while the container runs
     * @param copy where it shall be put
     */
    void into(Map<String, Object> config, Map<String, Object> hooks, Path source, Path copy) {
        String known = compiled;
        Path shell = Program.find("sh");
        if (known != null) {
            config.put("annotations", Map.of("run.oci.seccomp_bpf_data", known));
        } else if (shell != null) {
            // Nothing is lost where it fails; "read": a runtime fails when nobody reads what it tells its hooks.
            String copying = "read -r state; cp \"$1\" \"$2.part\" 2>/dev/null && mv \"$2.part\" \"$2\" || :";
            List<String> words = List.of("sh", "-c", copying, "sh", source.toString(), copy.toString());
            hooks.put("poststart", List.of(Map.of("path", shell.toString(), "args", words)));
        }
    }

    /** Keeps the copy that was asked for, of a container whose command has ended well. */
    void keep(Path copy) throws IOException {
        if (compiled == null && Files.exists(copy)) {
            byte[] bytes = Files.readAllBytes(copy);
            if (bytes.length > 0 && bytes.length % INSTRUCTION == 0) {
                compiled = Base64.getEncoder().encodeToString(bytes);
            }
        }
    }
}
