package dev.strata.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs commands as containers by an OCI runtime: crun, or else runc. A container has its own processes, mounts, IPC and
 * host name, docker's capabilities as far as they are held here, docker's filter of system calls, and nothing of the
 * builder.
 *
 * <p>The runtime itself is the first process of a process namespace, whose end ends all others, and it ends with this
 * process: nothing outlives a builder that is killed.
 */
public final class OciRuntime {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** Where a runtime fails before the command, it exits with this. */
    private static final int FAILED = 1;

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
            Path program = Program.find(name);
            if (program != null) {
                return new OciRuntime(program, Files.createDirectories(folder).toRealPath(), Place.here());
            }
        }
        throw new SandboxException(
                "no OCI runtime was found on the PATH", "Install crun (apt-get install crun) or runc");
    }

    /**
     * Runs a command to its end. What it leaves running is ended with it.
     *
     * @param lines told each line of its output as it comes, from another thread
     * @throws InterruptedException when the thread was interrupted; the command is ended then
     * @throws SandboxException where the runtime cannot make the container
     */
    public Exit run(RunCommand command, Consumer<String> lines) throws IOException, InterruptedException {
        try (Bundle bundle = Bundle.make(command, folder, place)) {
            Output output = new Output(lines);
            int code = Supervised.run(words(bundle), output);
            String said = code == FAILED ? said(bundle, output.lastLines()) : null;
            return said == null ? ended(code, output) : notStarted(command, said, output);
        }
    }

    private List<String> words(Bundle bundle) throws IOException {
        List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        words.addAll(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"));
        words.addAll(HybridCgroups.hiding());
        words.addAll(List.of(program.toString(), "--root", bundle.state().toString()));
        words.addAll(List.of("--log", bundle.log().toString(), "--log-format", "json"));
        if (isCrun()) {
            words.add("--cgroup-manager=disabled");
        }
        words.addAll(List.of("run", "--no-new-keyring"));
        if (!place.pivotRoot()) {
            words.add("--no-pivot");
        }
        words.addAll(List.of("--bundle", bundle.folder().toString(), bundle.id()));
        return words;
    }

    private boolean isCrun() {
        return program.endsWith("crun");
    }

    /** What the runtime had to say of a failure of its own; in its log, or last of all where it had left that behind. */
    private static @Nullable String said(Bundle bundle, List<String> lastLines) throws IOException {
        String said = null;
        if (Files.exists(bundle.log())) {
            try (MappingIterator<JsonNode> messages =
                    JSON.readerFor(JsonNode.class).readValues(bundle.log().toFile())) {
                while (messages.hasNext()) {
                    JsonNode message = messages.next();
                    said = message.path("level").asText().equals("error")
                            ? message.path("msg").asText()
                            : said;
                }
            }
        }
        String last = lastLines.isEmpty() ? "" : lastLines.getLast();
        return said == null && last.startsWith("{\"msg\":\"exec container process") ? last : said;
    }

    private Exit notStarted(RunCommand command, String said, Output output) throws IOException {
        NotStarted why = NotStarted.of(command, said);
        if (why == null) {
            throw new SandboxException(
                    program.getFileName() + " cannot make a container here: " + said,
                    "Start Strata by bin/strata; in a pod, choose the isolation that the node allows");
        }
        return new Exit(why.code(), null, null, output.lastLines(), why);
    }

    private static Exit ended(int code, Output output) {
        boolean signalled = code > 128 && code <= 128 + Signals.HIGHEST;
        return new Exit(code, signalled ? Signals.name(code - 128) : null, null, output.lastLines(), null);
    }
}
