package dev.strata.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
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
 * <p>The runtime itself works in a process namespace whose end ends all in it, and which ends with this process:
 * nothing outlives a builder that is killed.
 */
public final class OciRuntime {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** Where a runtime fails before the command, it exits with this. */
    private static final int FAILED = 1;

    /** The best first: crun starts in a third of runc's time. */
    static final List<String> PROGRAMS = List.of("crun", "runc");

    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

    private final Path program;
    private final Path folder;
    private final Place place;
    private final @Nullable Long processes;
    private final CompiledFilter filter;

    private OciRuntime(Path program, Path folder, Place place, @Nullable Long processes, CompiledFilter filter) {
        this.program = program;
        this.folder = folder;
        this.place = place;
        this.processes = processes;
        this.filter = filter;
    }

    /**
     * Finds a runtime on the PATH.
     *
     * @param folder for bundles and the runtime's own state; short-lived files only
     * @throws SandboxException where there is none
     */
    public static OciRuntime find(Path folder) throws IOException {
        for (String name : PROGRAMS) {
            Path program = Program.find(name);
            if (program != null) {
                return of(program, folder);
            }
        }
        throw new SandboxException(
                "no OCI runtime was found on the PATH", "Install crun (apt-get install crun) or runc");
    }

    /** One runtime and no other. */
    static OciRuntime of(Path program, Path folder) throws IOException {
        return new OciRuntime(
                program, Files.createDirectories(folder).toRealPath(), Place.here(), null, new CompiledFilter());
    }

    /**
     * This runtime for commands of which no user may have more processes and threads than these at once. The kernel
     * counts a user's processes of one user namespace, the builder's own among those of root; it does not hold root of
     * the machine itself to it.
     */
    public OciRuntime limitedTo(long mostProcesses) {
        return new OciRuntime(program, folder, place, mostProcesses, filter);
    }

    /**
     * Runs a command to its end. What it leaves running is ended with it. Its two outputs come on one road where crun
     * runs it; runc has a road for each, so that lines of one may overtake those of the other.
     *
     * @param lines told each line of its output as it comes, from another thread
     * @throws InterruptedException when the thread was interrupted; the command is ended then
     * @throws SandboxException where the runtime cannot make the container
     */
    public Exit run(RunCommand command, Consumer<String> lines) throws IOException, InterruptedException {
        try (Bundle bundle = Bundle.make(command, folder, place, processes, isCrun() ? filter : null)) {
            Output output = new Output(lines);
            int code = supervised(bundle, output);
            if (code == 0) {
                filter.keep(bundle.filterCopy());
            }
            String said = code == FAILED ? said(bundle, output.lastLines()) : null;
            return said == null
                    ? ended(code, PeakMemory.read(bundle.peak()), output)
                    : notStarted(command, said, output);
        }
    }

    private int supervised(Bundle bundle, Output output) throws IOException, InterruptedException {
        try {
            return Supervised.run(words(bundle), output);
        } finally {
            if (!isCrun()) {
                removeCgroups(bundle.id());
            }
        }
    }

    /** runc insists on cgroups where it can have them, and leaves them behind when it is killed. */
    private static void removeCgroups(String id) throws IOException {
        if (Files.isDirectory(CGROUPS)) {
            Files.deleteIfExists(CGROUPS.resolve(id));
            try (DirectoryStream<Path> hierarchies = Files.newDirectoryStream(CGROUPS, Files::isDirectory)) {
                for (Path hierarchy : hierarchies) {
                    Files.deleteIfExists(hierarchy.resolve(id));
                }
            }
        }
    }

    private List<String> words(Bundle bundle) throws IOException {
        List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        words.addAll(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"));
        words.addAll(PeakMemory.measuring(bundle.peak()));
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
        boolean behindLog = last.startsWith("{\"msg\":\"exec container process") || last.startsWith("exec /");
        return said == null && behindLog ? last : said;
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

    private static Exit ended(int code, @Nullable Long peakMemory, Output output) {
        boolean signalled = code > 128 && code <= 128 + Signals.HIGHEST;
        return new Exit(code, signalled ? Signals.name(code - 128) : null, peakMemory, output.lastLines(), null);
    }
}
