package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmptyRepositoryTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://git.example/shop.git",
                "git@git.example:shop.git",
                "https://git.example/a#b;c\\d\"e'f$g%h",
                "/a/folder=with[all]of/it",
            })
    void gitFindsTheAddressAsItWasGiven(String address) throws IOException {
        EmptyRepository.in(folder, address);
        assertThat(git("remote", "get-url", "origin")).isEqualTo(address);
    }

    @Test
    void gitTakesItForOneOfItsOwn() throws IOException {
        EmptyRepository.in(folder, "https://git.example/shop.git");
        assertThat(git("rev-parse", "--is-inside-work-tree")).isEqualTo("true");
        assertThat(git("symbolic-ref", "HEAD")).isEqualTo("refs/heads/main");
        assertThat(git("config", "remote.origin.fetch")).isEqualTo("+refs/heads/*:refs/remotes/origin/*");
        assertThat(git("fsck", "--no-progress")).doesNotContain("fatal").doesNotContain("error");
    }

    @Test
    void itsModesDoNotDependOnThisProcess() throws IOException {
        EmptyRepository.in(folder, "https://git.example/shop.git");
        assertThat(mode(".git")).isEqualTo("rwxr-xr-x");
        assertThat(mode(".git/refs")).isEqualTo("rwxr-xr-x");
        assertThat(mode(".git/config")).isEqualTo("rw-r--r--");
    }

    private String mode(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(path)));
    }

    private String git(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = "git";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        try (var output = builder.start().getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
