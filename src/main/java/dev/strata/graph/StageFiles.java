package dev.strata.graph;

import dev.strata.dockerfile.Heredoc;
import dev.strata.dockerfile.Instruction;
import dev.strata.dockerfile.RemoteSource;
import dev.strata.dockerfile.RunDevice;
import dev.strata.dockerfile.RunMount;
import dev.strata.dockerfile.SlashPath;
import dev.strata.image.Digest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The instructions of a stage that change files: RUN, COPY, ADD and WORKDIR. */
final class StageFiles {
    /** Linux takes no longer ones. */
    private static final int LONGEST_PATH = 4096;

    private static final Pattern ONLY_HEREDOC = Pattern.compile("\\s*[0-9]*<<-?['\"]?[^\\s<'\"]+['\"]?\\s*");

    /** An owner that needs no look at the image; root is number 0 everywhere. */
    private static final Pattern NUMBERS = Pattern.compile("(?:[0-9]+|root)?(?::(?:[0-9]+|root)?)?");

    private final StageDispatch dispatch;
    private final StageLinking linking;

    StageFiles(StageDispatch dispatch, StageLinking linking) {
        this.dispatch = dispatch;
        this.linking = linking;
    }

    void workdir(Instruction.Workdir workdir, boolean trigger) {
        String written = slashes(dispatch.word(workdir.path()));
        // An absolute path stays as it is written, for the image's own users; only the folder's own name is cleaned.
        String kept = written.startsWith("/") ? written : SlashPath.join(directory(), written);
        String path = SlashPath.join("/", kept);
        if (path.length() > LONGEST_PATH) {
            throw new IllegalArgumentException("the folder's path is longer than " + LONGEST_PATH + " characters");
        }
        dispatch.execution.workingDir = dispatch.windows() ? kept.replace('/', '\\') : kept;
        Label label = dispatch.label(workdir, trigger);
        if (path.equals("/")) {
            dispatch.line("WORKDIR /");
            return;
        }
        String user = dispatch.execution.user == null ? "" : dispatch.execution.user;
        dispatch.step(
                new Step.MakeDirectory(linking.nextId(), label, dispatch.last(), path, user, dispatch.withoutCache()),
                "WORKDIR " + kept);
    }

    private String directory() {
        String directory = dispatch.execution.workingDir;
        return directory == null || directory.isEmpty() ? "/" : SlashPath.join("/", slashes(directory));
    }

    /** A path of Windows in the form that layers have: without its drive, which is always C, and with slashes. */
    private String slashes(String path) {
        return dispatch.windows() ? path.replaceFirst("^[cC]:(?=[/\\\\])", "").replace('\\', '/') : path;
    }

    void run(Instruction.Run run, boolean trigger) {
        refuseDevices(run);
        List<Mount> mounts = mounts(run);
        Step.@Nullable Script script = null;
        List<String> command;
        if (run.heredocs().isEmpty() || !(run.command() instanceof dev.strata.dockerfile.Command.Shell(String line))) {
            command = dispatch.words(run.command());
        } else if (ONLY_HEREDOC.matcher(line).matches()) {
            Heredoc heredoc = run.heredocs().getFirst();
            if (heredoc.text().startsWith("#!") && !dispatch.windows()) {
                script = new Step.Script("/dev/pipes/" + heredoc.name(), heredoc.text());
                command = dispatch.withShell(script.path());
            } else {
                command = dispatch.withShell(heredoc.text());
            }
        } else {
            StringBuilder whole = new StringBuilder(line);
            run.heredocs().forEach(h -> whole.append('\n').append(h.raw()).append(h.name()));
            command = dispatch.withShell(whole.toString());
        }
        if (command.isEmpty()) {
            throw new IllegalArgumentException("RUN [] names no program: arguments are required");
        }
        SequencedMap<String, String> seen = new LinkedHashMap<>();
        dispatch.arguments.forEach((name, value) -> seen.put(name, dispatch.variables.getOrDefault(name, value)));
        Label label = dispatch.label(run, trigger);
        Step.Run step = new Step.Run(
                linking.nextId(),
                label,
                dispatch.last(),
                command,
                dispatch.environment(),
                List.copyOf(dispatch.arguments.keySet()),
                dispatch.proxies(),
                directory(),
                dispatch.execution.user == null ? "" : dispatch.execution.user,
                mounts,
                script,
                run.network() == null ? linking.request().network() : run.network(),
                "insecure".equals(run.security()),
                linking.request().addHosts(),
                dispatch.withoutCache());
        dispatch.step(step, "RUN " + History.run(command, seen) + " # buildkit");
    }

    private void refuseDevices(Instruction.Run run) {
        for (String device : run.devices()) {
            if (RunDevice.parse(device).required()) {
                throw new GraphException(
                        run.location(),
                        "RUN --device=" + device + ": no device can be given to a command here",
                        "Leave the flag out, or only its \"required\" where the command can do without.");
            }
        }
    }

    private List<Mount> mounts(Instruction.Run run) {
        List<Mount> mounts = new ArrayList<>();
        for (String written : run.mounts()) {
            mounts.add(mount(RunMount.parse(written, dispatch::word), run, mounts.size()));
        }
        return mounts;
    }

    /** @param number of the mount in its instruction, which makes default places differ */
    private Mount mount(RunMount mount, Instruction.Run run, int number) {
        return switch (mount) {
            case RunMount.Bind bind -> {
                String from = bind.from();
                int step = from == null ? linking.mainFiles() : linking.source(from, dispatch.stage(), run);
                yield new Mount.Bind(
                        step,
                        from == null || linking.isFolder(from),
                        SlashPath.join("/", bind.source() == null ? "/" : bind.source()),
                        target(bind.target(), run),
                        bind.readOnly());
            }
            case RunMount.Cache cache -> {
                String target = target(cache.target(), run);
                String from = cache.from();
                yield new Mount.Cache(
                        cache.id() == null || cache.id().isEmpty() ? target : cache.id(),
                        from == null ? null : linking.source(from, dispatch.stage(), run),
                        SlashPath.join("/", cache.source() == null ? "/" : cache.source()),
                        target,
                        cache.readOnly(),
                        sharing(cache.sharing()),
                        cache.mode() == null ? 0755 : cache.mode(),
                        cache.uid() == null ? 0 : cache.uid(),
                        cache.gid() == null ? 0 : cache.gid());
            }
            case RunMount.Secret secret -> {
                boolean file = secret.target() != null || secret.environment() == null;
                String target = secret.target() == null ? "/run/secrets/" + base(secret.id()) : secret.target();
                yield new Mount.Secret(
                        secret.id(),
                        file ? SlashPath.join(directory(), target) : null,
                        secret.environment(),
                        secret.required(),
                        secret.mode() == null ? 0400 : secret.mode(),
                        secret.uid() == null ? 0 : secret.uid(),
                        secret.gid() == null ? 0 : secret.gid());
            }
            case RunMount.Ssh ssh ->
                new Mount.Ssh(
                        ssh.id() == null || ssh.id().isEmpty() ? "default" : ssh.id(),
                        ssh.target() == null
                                ? "/run/buildkit/ssh_agent." + number
                                : SlashPath.join(directory(), ssh.target()),
                        ssh.required(),
                        ssh.mode() == null ? 0600 : ssh.mode(),
                        ssh.uid() == null ? 0 : ssh.uid(),
                        ssh.gid() == null ? 0 : ssh.gid());
            case RunMount.Tmpfs tmpfs -> new Mount.Tmpfs(target(tmpfs.target(), run), tmpfs.size());
        };
    }

    private static Mount.Sharing sharing(RunMount.Sharing sharing) {
        return switch (sharing) {
            case SHARED -> Mount.Sharing.SHARED;
            case PRIVATE -> Mount.Sharing.PRIVATE;
            case LOCKED -> Mount.Sharing.LOCKED;
        };
    }

    private static String base(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private String target(@Nullable String written, Instruction.Run run) {
        String target = SlashPath.join(directory(), written == null ? "" : written);
        if (target.equals("/")) {
            throw new GraphException(
                    run.location(),
                    "invalid mount target \"" + (written == null ? target : written) + "\"",
                    "Name a folder below /.");
        }
        return target;
    }

    void copy(Instruction.Copy copy, boolean trigger) {
        String from = copy.from();
        int source = -1;
        boolean context = from == null || linking.isFolder(from);
        if (from != null) {
            source = linking.source(from, dispatch.stage(), copy);
        } else if (!copy.sources().isEmpty()) {
            source = linking.mainFiles();
        }
        List<Step.Item> items = new ArrayList<>();
        List<String> words = new ArrayList<>();
        for (String written : copy.sources()) {
            String path = dispatch.word(written);
            words.add(path);
            if (RemoteSource.isGit(path)) {
                throw new IllegalArgumentException("source can't be a git ref for COPY");
            }
            if (RemoteSource.isDownload(path)) {
                throw new IllegalArgumentException("source can't be a URL for COPY");
            }
            items.add(new Step.Item.Paths(source, path, context));
        }
        texts(copy.heredocs(), items, words);
        String owner = optional(copy.chown());
        String mode = mode(copy.chmod());
        boolean linked = linked(copy.link(), owner, mode);
        String destination = dispatch.word(copy.destination());
        Label label = dispatch.label(copy, trigger);
        dispatch.step(
                new Step.Copy(
                        linking.nextId(),
                        label,
                        dispatch.last(),
                        false,
                        items,
                        absolute(destination),
                        owner,
                        mode,
                        linked,
                        copy.parents(),
                        copy.exclude(),
                        null,
                        dispatch.withoutCache()),
                created("COPY", copy.parents(), owner, mode, words, destination));
    }

    void add(Instruction.Add add, boolean trigger) {
        List<Step.Item> items = new ArrayList<>();
        List<String> words = new ArrayList<>();
        String checksum = optional(add.checksum());
        for (String written : add.sources()) {
            String path = dispatch.word(written);
            words.add(path);
            if (RemoteSource.isGit(path)) {
                items.add(new Step.Item.Git(path, add.keepGitDir(), checksum));
            } else if (RemoteSource.isDownload(path)) {
                items.add(new Step.Item.Http(path, checksum));
            } else {
                items.add(new Step.Item.Paths(linking.mainFiles(), path, true));
            }
        }
        checkChecksum(add, checksum, items);
        texts(add.heredocs(), items, words);
        String owner = optional(add.chown());
        String mode = mode(add.chmod());
        boolean linked = linked(add.link(), owner, mode);
        String destination = dispatch.word(add.destination());
        Label label = dispatch.label(add, trigger);
        dispatch.step(
                new Step.Copy(
                        linking.nextId(),
                        label,
                        dispatch.last(),
                        true,
                        items,
                        absolute(destination),
                        owner,
                        mode,
                        linked,
                        false,
                        add.exclude(),
                        add.unpack(),
                        dispatch.withoutCache()),
                created("ADD", false, owner, mode, words, destination));
    }

    private static void checkChecksum(Instruction.Add add, @Nullable String checksum, List<Step.Item> items) {
        if (checksum == null) {
            return;
        }
        if (add.sources().size() != 1) {
            throw new IllegalArgumentException("checksum can't be specified for multiple sources");
        }
        if (items.getFirst() instanceof Step.Item.Paths) {
            throw new IllegalArgumentException("checksum requires HTTP(S) or Git sources");
        }
        if (items.getFirst() instanceof Step.Item.Http) {
            Digest.parse(checksum); // says what is wrong before anything is fetched
        }
    }

    private void texts(List<Heredoc> heredocs, List<Step.Item> items, List<String> words) {
        for (Heredoc heredoc : heredocs) {
            String text = heredoc.expand()
                    ? dispatch.expansion()
                            .heredoc(heredoc.text(), dispatch.variables::get)
                            .text()
                    : heredoc.text();
            dispatch.keep(text.length());
            items.add(new Step.Item.Text(heredoc.name(), text));
            words.add("<<" + heredoc.name());
        }
    }

    private @Nullable String optional(@Nullable String written) {
        if (written == null) {
            return null;
        }
        String value = dispatch.word(written);
        return value.isEmpty() ? null : value;
    }

    private @Nullable String mode(@Nullable String written) {
        String mode = optional(written);
        if (mode != null) {
            FileMode.parse(mode);
        }
        return mode;
    }

    /**
     * Whether the layer stands on nothing. As with BuildKit it does not where --chmod is given; where it does, there is no
     * user database to look a name up in.
     */
    private static boolean linked(boolean link, @Nullable String owner, @Nullable String mode) {
        boolean linked = link && mode == null;
        if (linked && owner != null && !NUMBERS.matcher(owner).matches()) {
            throw new IllegalArgumentException(
                    "--chown=" + owner
                            + ": the names of users and groups are not known to a copy with --link; give numbers, as in --chown=1000:1000");
        }
        return linked;
    }

    private String absolute(String destination) {
        String joined = SlashPath.join(directory(), destination);
        boolean folder = destination.endsWith("/")
                || destination.endsWith("/.")
                || destination.equals(".")
                || destination.isEmpty();
        return folder && !joined.equals("/") ? joined + "/" : joined;
    }

    private static String created(
            String keyword,
            boolean parents,
            @Nullable String owner,
            @Nullable String mode,
            List<String> words,
            String destination) {
        StringBuilder text = new StringBuilder(keyword);
        if (parents) {
            text.append(" --parents");
        }
        if (owner != null) {
            text.append(" --chown=").append(owner);
        }
        if (mode != null) {
            text.append(" --chmod=").append(mode);
        }
        words.forEach(word -> text.append(' ').append(word));
        return text.append(' ').append(destination).append(" # buildkit").toString();
    }
}
