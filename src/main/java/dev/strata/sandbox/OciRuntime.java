package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs commands as containers by an OCI runtime: crun, or else runc. A container has its own processes, mounts, IPC and
 * host name, docker's capabilities as far as they are held here, and nothing of the builder.
 */
public final class OciRuntime {
    private final Path program;
    private final Path folder;
    private final Place place;

    private OciRuntime(Path program, Path folder, Place place) {
        this.program = program;
        this.folder = folder;
        this.place = place;
    }

    /**
     * Finds a runtime on the PATH.
     *
     * @param folder for bundles and the runtime's own state; short-lived files only
     * @throws SandboxException where there is none
     */
    public static OciRuntime find(Path folder) throws IOException {
        for (String name : List.of("crun", "runc")) {
            for (String directory : System.getenv()
                    .getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                    .split(":")) {
                Path program = Path.of(directory, name);
                if (Files.isExecutable(program)) {
                    HybridCgroups.hide();
                    return new OciRuntime(program, Files.createDirectories(folder), Place.here());
                }
            }
        }
        throw new SandboxException(
                "no OCI runtime was found on the PATH", "Install crun (apt-get install crun) or runc");
    }

    /**
     * Runs a command to its end. What it leaves running is ended with it.
     *
     * @param lines told each line of its output as it comes
     * @throws InterruptedException when the thread was interrupted; the command is ended then
     */
    public Exit run(RunCommand command, Consumer<String> lines) throws IOException, InterruptedException {
        try (Bundle bundle = Bundle.make(command, folder, place)) {
            List<String> words = new ArrayList<>(List.of(
                    program.toString(), "--root", folder.resolve("state").toString()));
            if (isCrun()) {
                words.add("--cgroup-manager=disabled");
            }
            words.addAll(List.of("run", "--no-new-keyring"));
            if (!place.pivotRoot()) {
                words.add("--no-pivot");
            }
            words.addAll(List.of("--bundle", bundle.folder().toString(), bundle.id()));
            ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
            builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
            Process process = builder.start();
            process.getOutputStream().close();
            Output output = new Output(lines);
            Thread reader = Thread.ofVirtual()
                    .name("output of " + bundle.id())
                    .start(() -> output.read(process.getInputStream()));
            try {
                int code = process.waitFor();
                reader.join();
                return exit(code, output.lastLines());
            } catch (InterruptedException e) {
                end(bundle, process);
                reader.join();
                throw e;
            }
        }
    }

    private boolean isCrun() {
        return program.getFileName().toString().equals("crun");
    }

    /** Ends the container's first process, and with its process namespace all others. */
    private void end(Bundle bundle, Process process) throws IOException, InterruptedException {
        Process delete = new ProcessBuilder(
                        program.toString(),
                        "--root",
                        folder.resolve("state").toString(),
                        "delete",
                        "--force",
                        bundle.id())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        delete.waitFor();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.waitFor();
    }

    private static Exit exit(int code, List<String> lastLines) {
        return new Exit(
                code, code > 128 && code <= 128 + Signals.HIGHEST ? Signals.name(code - 128) : null, null, lastLines);
    }
}
