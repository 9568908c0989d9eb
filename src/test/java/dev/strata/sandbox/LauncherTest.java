package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.Patience;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/strata} with a script in Java's place, which tells how it was started. */
final class LauncherTest {
    @TempDir
    Path home;

    private record Ended(int code, String output, String errors) {}

    @BeforeEach
    void install() throws IOException {
        Files.createDirectories(home.resolve("bin"));
        Files.copy(Path.of("bin/strata"), home.resolve("bin/strata"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.createFile(home.resolve("strata.jar"));
        java(home.resolve("runtime"), "25.0.1", "printf '%s\\n' \"$@\"\nexit 7");
    }

    private static void java(Path folder, String version, String script) throws IOException {
        Path program = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(folder.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    }

    private Process start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> words =
                new java.util.ArrayList<>(List.of(home.resolve("bin/strata").toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().remove("STRATA_ISOLATION");
        builder.environment().putAll(environment);
        return builder.start();
    }

    private Ended run(Map<String, String> environment, String... arguments) throws Exception {
        return ended(start(environment, arguments));
    }

    private static Ended ended(ProcessBuilder builder) throws Exception {
        return ended(builder.start());
    }

    private String strata() {
        return home.resolve("bin/strata").toString();
    }

    private static Ended ended(Process process) throws Exception {
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(Patience.LONG)).isTrue();
        return new Ended(process.exitValue(), output, errors);
    }

    @Test
    void argumentsAndTheExitCodePassUnchanged() throws Exception {
        Ended ended = run(Map.of(), "layers", "two words", "*", "");
        assertThat(ended.code()).isEqualTo(7);
        assertThat(ended.output())
                .endsWith("\n-jar\n" + home.resolve("strata.jar").toRealPath() + "\nlayers\ntwo words\n*\n\n");
    }

    @Test
    void theOperatorsLibrariesAreForTheOperatorAndForWhoeverNamesAllCommands() throws Exception {
        String all = "\n-classpath\n" + home.resolve("strata.jar").toRealPath() + ":"
                + home.toRealPath().resolve("lib/operator") + "/*\ndev.strata.Main\n";
        assertThat(run(Map.of(), "operator", "--help").output()).endsWith(all + "operator\n--help\n");
        assertThat(run(Map.of(), "--help").output()).endsWith(all + "--help\n");
        assertThat(run(Map.of("STRATA_ISOLATION", "none"), "build", "--help").output())
                .doesNotContain("lib/operator");
    }

    @Test
    void aCacheIsUsedOnlyIfItIsNewerThanTheJar() throws Exception {
        Path cache = Files.writeString(home.resolve("strata.aot"), "cache");
        Path jar = home.resolve("strata.jar");
        Files.setLastModifiedTime(jar, java.nio.file.attribute.FileTime.fromMillis(1_000_000_000L));
        assertThat(run(Map.of(), "layers").output()).contains("-XX:AOTCache=" + cache.toRealPath() + "\n");
        Files.setLastModifiedTime(cache, java.nio.file.attribute.FileTime.fromMillis(900_000_000L));
        assertThat(run(Map.of(), "layers").output()).doesNotContain("AOTCache");
    }

    @Test
    void aJavaThatIsTooOldIsPassedOver() throws Exception {
        java(home.resolve("runtime"), "17.0.9", "echo too old");
        java(home.resolve("good"), "26", "echo good");
        Ended ended = run(Map.of("JAVA_HOME", home.resolve("good").toString()), "layers");
        assertThat(ended.output()).isEqualTo("good\n");
    }

    @Test
    void withoutItsJarItSaysHowThatIsBuilt() throws Exception {
        Files.delete(home.resolve("strata.jar"));
        Ended ended = run(Map.of(), "layers");
        assertThat(ended.code()).isEqualTo(3);
        assertThat(ended.errors()).contains("target/strata.jar").contains("make build");
    }

    @Test
    void anIsolationThatDoesNotExistIsRefused() throws Exception {
        Ended ended = run(Map.of("STRATA_ISOLATION", "userNamespaces"), "builder");
        assertThat(ended.code()).isEqualTo(3);
        assertThat(ended.errors()).contains("userNamespaces").contains("userNamespace, sysAdmin, privileged or none");
    }

    @Test
    @Tag("root")
    void aBuildHasAMountNamespaceOfItsOwn() throws Exception {
        java(home.resolve("runtime"), "25", "readlink /proc/self/ns/mnt");
        String here = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")).toString();
        assertThat(run(Map.of(), "build").output()).startsWith("mnt:").doesNotContain(here);
        assertThat(run(Map.of(), "layers").output()).contains(here);
        assertThat(run(Map.of("STRATA_ISOLATION", "none"), "build").output()).contains(here);
    }

    @Test
    @Tag("root")
    void aNestedUserNamespaceHasAllIdsAndItsOwnProcesses() throws Exception {
        java(
                home.resolve("runtime"),
                "25",
                "id -u; cat /proc/1/comm; ls /proc | grep -c '^[0-9]'; readlink /proc/self/ns/user; exit 9");
        Ended ended = run(Map.of("STRATA_ISOLATION", "userNamespace"), "builder");
        assertThat(ended.code()).isEqualTo(9);
        assertThat(ended.output())
                .matches("0\nsh\n[3-6]\nuser:.*\n")
                .doesNotContain(
                        Files.readSymbolicLink(Path.of("/proc/self/ns/user")).toString());
        assertThat(ended.errors()).isEmpty();
    }

    @Test
    @Tag("root")
    void whatIsOrphanedBecomesNoZombieWhereStrataIsTheFirstProcess() throws Exception {
        java(home.resolve("runtime"), "25", """
                for i in 1 2 3 4 5; do (sleep 0.07 & ); done
                ( left=some
                  for i in $(seq 1200); do
                    grep -qs 'sleep.0.07' /proc/[0-9]*/cmdline || grep -qs '^State:.*zombie' /proc/[0-9]*/status || { left=none; break; }
                    sleep 0.05
                  done
                  echo $left
                  kill $$ ) &
                exec sleep 600
                """);
        Ended nested = run(Map.of("STRATA_ISOLATION", "userNamespace"), "builder");
        assertThat(nested.output()).isEqualTo("none\n");
        Ended first = ended(new ProcessBuilder(
                "unshare", "--pid", "--fork", "--mount-proc", "env", "STRATA_ISOLATION=sysAdmin", strata(), "builder"));
        assertThat(first.output()).as("the first process of a pod").isEqualTo("none\n");
    }

    @Test
    @Tag("root")
    void standardInputReachesWhatRunsInTheNestedNamespace() throws Exception {
        java(home.resolve("runtime"), "25", "cat");
        Process process = start(Map.of("STRATA_ISOLATION", "userNamespace"), "builder");
        try (var out = process.outputWriter(StandardCharsets.UTF_8)) {
            out.write("said\n");
        }
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("said\n");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    @Tag("root")
    void theNestedNamespaceIsHeldToTheNumberOfProcesses() throws Exception {
        java(home.resolve("runtime"), "25", "grep '^Max processes' /proc/self/limits");
        assertThat(run(Map.of("STRATA_ISOLATION", "userNamespace", "STRATA_PROCESSES", "777"), "builder")
                        .output())
                .matches("Max processes +777 +777 +processes *\n");
        assertThat(run(Map.of("STRATA_ISOLATION", "userNamespace"), "builder").output())
                .doesNotContain("777");
    }

    @Test
    @Tag("root")
    void aSignalReachesWhatRunsInTheNestedNamespace() throws Exception {
        java(
                home.resolve("runtime"),
                "25",
                "trap 'echo stopped; exit 43' TERM\necho running\nsleep 600 &\nwait $!\nexit 1");
        Process process = start(Map.of("STRATA_ISOLATION", "userNamespace"), "builder");
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).isEqualTo("running");
            process.toHandle().destroy();
            assertThat(lines.lines().filter(line -> line.equals("stopped"))).hasSize(1);
            assertThat(process.waitFor()).isEqualTo(43);
        } finally {
            process.destroyForcibly();
        }
    }
}
