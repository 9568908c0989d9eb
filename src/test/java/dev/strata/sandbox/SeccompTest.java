package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class SeccompTest {
    private static List<?> names(String action) {
        List<?> rules = (List<?>) Objects.requireNonNull(Seccomp.filter("amd64").get("syscalls"));
        return rules.stream()
                .map(rule -> (Map<?, ?>) rule)
                .filter(rule -> action.equals(rule.get("action")) && !rule.containsKey("args"))
                .flatMap(rule -> ((List<?>) Objects.requireNonNull(rule.get("names"))).stream())
                .toList();
    }

    @Test
    void callsOfEveryProgramAreAllowed() {
        assertThat(names("SCMP_ACT_ALLOW").contains("openat")).isTrue();
        assertThat(names("SCMP_ACT_ALLOW").contains("execve")).isTrue();
        assertThat(names("SCMP_ACT_ALLOW").contains("chroot")).isTrue();
    }

    @Test
    void callsThatReachBeyondAContainerAreRefused() {
        for (String name : List.of("mount", "unshare", "setns", "keyctl", "bpf", "kexec_load", "io_uring_setup")) {
            assertThat(names("SCMP_ACT_ERRNO").contains(name)).as(name).isTrue();
            assertThat(names("SCMP_ACT_ALLOW").contains(name)).as(name).isFalse();
        }
    }

    @Test
    void anUnknownCallLooksLikeAnOlderKernel() {
        assertThat(Seccomp.filter("aarch64"))
                .containsEntry("defaultAction", "SCMP_ACT_ERRNO")
                .containsEntry("defaultErrnoRet", 38)
                .containsEntry("architectures", List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"));
    }

    @Test
    void aProcessorWhoseCallsAreOrderedOtherwiseIsRefused() {
        assertThatThrownBy(() -> Seccomp.filter("s390x"))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("s390x");
    }
}
