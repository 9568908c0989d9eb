package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.sandbox.BusyboxRoot;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands in an image that was built here. */
@Tag("root")
@Timeout(300)
class RunCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void build() throws IOException {
        Path context = Files.createDirectories(folder.resolve("context"));
        BusyboxRoot.make(context.resolve("rootfs"));
        Files.writeString(context.resolve("passwd"), "root:x:0:0::/root:/bin/sh\nworker:x:7:8::/home/worker:/bin/sh\n");
        Files.writeString(context.resolve("Dockerfile"), """
                FROM scratch
                COPY rootfs /
                COPY passwd /etc/passwd
                ENV FROM_IMAGE=yes
                WORKDIR /work
                ENTRYPOINT ["/bin/sh", "-c"]
                CMD ["echo $FROM_IMAGE in $(pwd)"]
                """);
        int code = new CommandLine(new BuildCommand())
                .execute(
                        "--progress=quiet",
                        "--state=" + folder.resolve("state"),
                        "--output=type=oci,dest=" + folder.resolve("image"),
                        context.toString());
        assertThat(code).isZero();
    }

    private int run(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "--state=" + folder.resolve("state");
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return new CommandLine(new RunCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setStopAtPositional(true)
                .execute(all);
    }

    private String image() {
        return "oci-layout://" + folder.resolve("image");
    }

    @Test
    void theImagesOwnCommandRunsWithItsVariablesInItsFolder() {
        assertThat(run(image())).isZero();
        assertThat(out.toString()).isEqualTo("yes in /work\n");
    }

    @Test
    void whatIsGivenTakesThePlaceOfWhatTheImageSays() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Files.writeString(data.resolve("file"), "from outside\n");
        assertThat(run(
                        "--env=A=b",
                        "--workdir=/tmp",
                        "--user=worker",
                        "--volume=" + data + ":/data:ro",
                        "--network=none",
                        "--entrypoint=",
                        image(),
                        "sh",
                        "-c",
                        "pwd; id -u; id -g; echo $A $HOME; cat /data/file; echo x >/data/y; ls /sys/class/net"))
                .isZero();
        assertThat(out.toString())
                .startsWith("/tmp\n7\n8\nb /home/worker\nfrom outside\n")
                .endsWith("\nlo\n");
        assertThat(data.resolve("y")).doesNotExist();
    }

    @Test
    void theExitCodeIsTheCommandsAndNothingItWroteStays() {
        assertThat(run(image(), "echo kept >/here; exit 7")).isEqualTo(7);
        assertThat(run(image(), "ls /here")).isEqualTo(1);
    }

    @Test
    void whatCannotBeginSaysWhy() {
        assertThat(run("--entrypoint=/nowhere", image())).isEqualTo(RunCommand.NOT_BEGUN);
        assertThat(err.toString()).contains("/nowhere");
        assertThat(run("--user=nobody", image())).isEqualTo(RunCommand.NOT_BEGUN);
        assertThat(err.toString()).contains("nobody");
        assertThat(run("--volume=relative", image())).isEqualTo(2);
    }
}
