package dev.strata.graph;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.DockerfileException;
import dev.strata.dockerfile.Expansion;
import dev.strata.dockerfile.ExpansionException;
import dev.strata.dockerfile.Instruction;
import dev.strata.dockerfile.Location;
import dev.strata.dockerfile.Stage;
import dev.strata.image.Execution;
import dev.strata.image.Image;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * One stage on its way from instructions to steps: the variables, the configuration and the history so far.
 *
 * <p>Source: Dockerfile reference 1.20; where it is silent, BuildKit.
 */
final class StageDispatch {
    static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final StageLinking linking;
    private final Stage stage;
    private final Expansion expansion;
    final LinkedHashMap<String, String> variables = new LinkedHashMap<>();
    /** Build arguments seen so far, in order. */
    final LinkedHashMap<String, String> arguments = new LinkedHashMap<>();

    /** Roughly what an entry of a map takes. */
    private static final int ENTRY = 48;

    /** The stage that this one goes on from; its lines come first. */
    private @Nullable StageDispatch earlier;

    private final List<Product.Line> lines = new ArrayList<>();
    private @Nullable SequencedMap<String, String> environment;
    private Location place;
    Execution.Builder execution = Execution.EMPTY.edit();
    private Image base = Image.scratch(dev.strata.image.Platform.host());
    private @Nullable String author;
    private List<Instruction> instructions;
    private int triggers;
    private int last;
    private int number;
    private int total;
    private boolean commandSet;
    /** Whether an earlier result of a step below is not taken: what stands on it is made anew, too. */
    private boolean anew;

    StageDispatch(StageLinking linking, Stage stage) {
        this.linking = linking;
        this.stage = stage;
        this.expansion = linking.scope().expansion();
        this.instructions = stage.instructions();
        this.place = stage.location();
    }

    int last() {
        return last;
    }

    Stage stage() {
        return stage;
    }

    Product product() {
        List<Product.Line> all = new ArrayList<>();
        List<StageDispatch> chain = new ArrayList<>();
        for (StageDispatch dispatch = this; dispatch != null; dispatch = dispatch.earlier) {
            chain.add(dispatch);
        }
        chain.reversed().forEach(dispatch -> all.addAll(dispatch.lines));
        return new Product(base, all, execution.build(), author, last);
    }

    void beginWithNothing(Image scratch, int step) {
        base = scratch;
        execution = scratch.config().config().edit();
        execution.workingDir = windows() ? "\\" : "/";
        last = step;
    }

    /** On a folder that was given from outside: its files, root's as those of a context are, make the first layer. */
    void beginWithFolder(Image scratch, int nothing, int folder, String name) {
        beginWithNothing(scratch, nothing);
        number = 1;
        total = 1 + countSteps();
        Label label = label("FROM " + name, stage.location());
        List<Step.Item> all = List.of(new Step.Item.Paths(folder, "/", true));
        step(
                new Step.Copy(
                        linking.nextId(),
                        label,
                        nothing,
                        false,
                        all,
                        "/",
                        null,
                        null,
                        false,
                        false,
                        List.of(),
                        null,
                        withoutCache()),
                label.instruction());
    }

    void beginWithImage(Bases.Found found) {
        number = 1;
        total = 1;
        int id = linking.nextId();
        takeTriggers(found.image().config().config().onBuild());
        List<String> onBuild = found.image().config().config().onBuild();
        total = 1 + countSteps();
        linking.add(new Step.Base(id, label("FROM " + stage.base(), stage.location()), found.pinned(), found.image()));
        base = found.image();
        execution = base.config().config().edit();
        author = base.config().author();
        last = id;
        if (!onBuild.isEmpty()) {
            execution.onBuild = List.of();
        }
    }

    void continueFrom(StageDispatch earlier) {
        base = earlier.base;
        this.earlier = earlier;
        Execution before = earlier.execution.build();
        keep((long) ENTRY
                * (earlier.variables.size()
                        + earlier.arguments.size()
                        + before.labels().size()
                        + before.exposedPorts().size()
                        + before.volumes().size()
                        + before.onBuild().size()));
        execution = before.edit();
        author = earlier.author;
        last = earlier.last;
        anew = earlier.withoutCache();
        arguments.putAll(earlier.arguments);
        variables.putAll(earlier.variables);
        takeTriggers(before.onBuild());
    }

    /** Triggers of the base run first, and are not handed on. */
    private void takeTriggers(List<String> onBuild) {
        execution.onBuild = List.of();
        if (onBuild.isEmpty()) {
            return;
        }
        List<Instruction> all = new ArrayList<>();
        for (String trigger : onBuild) {
            try {
                all.add(Dockerfile.parseTrigger(trigger));
            } catch (DockerfileException e) {
                throw new GraphException(
                        stage.location(), "the base's ONBUILD trigger \"" + trigger + "\": " + e.getMessage(), null);
            }
        }
        triggers = all.size();
        all.addAll(instructions);
        instructions = all;
    }

    private int countSteps() {
        int count = 0;
        for (Instruction instruction : instructions) {
            if (makesStep(instruction)) {
                count++;
            }
        }
        return count;
    }

    private static boolean makesStep(Instruction instruction) {
        return instruction instanceof Instruction.Run
                || instruction instanceof Instruction.Copy
                || instruction instanceof Instruction.Add
                || instruction instanceof Instruction.Workdir;
    }

    /** Where nothing of the stage's own is run: only the base's variables count. */
    void end() {
        instructions = List.of();
        setUp();
    }

    private void setUp() {
        if (!execution.env.containsKey("PATH") && !base.config().os().equals("windows")) {
            execution.env.put("PATH", DEFAULT_PATH);
        }
        variables.putAll(execution.env);
        environment = null;
        total = Math.max(total, number + countSteps());
    }

    void run() {
        setUp();
        StageFiles files = new StageFiles(this, linking);
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            place = location(instruction, i < triggers);
            try {
                dispatch(instruction, i < triggers, files);
            } catch (ExpansionException e) {
                throw new GraphException(
                        location(instruction, i < triggers), instruction.keyword() + ": " + e.getMessage(), null);
            } catch (IllegalArgumentException e) {
                throw new GraphException(
                        location(instruction, i < triggers),
                        instruction.keyword() + ": " + (e.getMessage() == null ? "not understood" : e.getMessage()),
                        null);
            }
        }
    }

    private Location location(Instruction instruction, boolean trigger) {
        return trigger ? stage.location() : instruction.location();
    }

    private void dispatch(Instruction instruction, boolean trigger, StageFiles files) {
        switch (instruction) {
            case Instruction.Env env -> env(env);
            case Instruction.Arg arg -> arg(arg);
            case Instruction.Label label -> label(label);
            case Instruction.Run run -> files.run(run, trigger);
            case Instruction.Copy copy -> files.copy(copy, trigger);
            case Instruction.Add add -> files.add(add, trigger);
            case Instruction.Workdir workdir -> files.workdir(workdir, trigger);
            case Instruction.User user -> {
                execution.user = word(user.user());
                line("USER " + execution.user);
            }
            case Instruction.Expose expose -> expose(expose);
            case Instruction.Volume volume -> volume(volume);
            case Instruction.Cmd cmd -> {
                execution.cmd = nullIfEmpty(words(cmd.command()));
                execution.argsEscaped = true;
                commandSet = true;
                line("CMD " + History.quoted(words(cmd.command())));
            }
            case Instruction.Entrypoint entrypoint -> {
                execution.entrypoint = nullIfEmpty(words(entrypoint.command()));
                if (!commandSet) {
                    execution.cmd = null;
                }
                line("ENTRYPOINT " + History.quoted(words(entrypoint.command())));
            }
            case Instruction.StopSignal signal -> {
                execution.stopSignal = StopSignals.check(word(signal.signal()));
                line("STOPSIGNAL " + execution.stopSignal);
            }
            case Instruction.Healthcheck healthcheck -> healthcheck(healthcheck);
            case Instruction.Shell shell -> {
                execution.shell = shell.arguments();
                line("SHELL " + History.plain(shell.arguments()));
            }
            case Instruction.OnBuild onBuild -> {
                if (!(execution.onBuild instanceof ArrayList<String>)) {
                    execution.onBuild = new ArrayList<>(execution.onBuild);
                }
                execution.onBuild.add(onBuild.trigger());
            }
            case Instruction.Maintainer maintainer -> {
                author = maintainer.maintainer();
                line("MAINTAINER " + maintainer.maintainer());
            }
        }
    }

    private void env(Instruction.Env env) {
        Map<String, String> fresh = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder("ENV");
        for (Instruction.Pair pair : env.pairs()) {
            String name = word(pair.name());
            String value = word(pair.value());
            text.append(' ').append(name).append('=').append(value);
            fresh.put(name, value);
        }
        variables.putAll(fresh);
        environment = null;
        execution.env.putAll(fresh);
        line(text.toString());
    }

    private void label(Instruction.Label label) {
        Map<String, String> fresh = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder("LABEL");
        for (Instruction.Pair pair : label.pairs()) {
            String name = word(pair.name());
            String value = word(pair.value());
            text.append(' ').append(name).append('=').append(value);
            fresh.put(name, value);
        }
        execution.labels.putAll(fresh);
        line(text.toString());
    }

    private void arg(Instruction.Arg arg) {
        StringBuilder text = new StringBuilder("ARG");
        for (Instruction.Argument argument : arg.arguments()) {
            String value = linking.request().args().get(argument.name());
            if (value == null && argument.value() != null) {
                value = word(argument.value());
            } else if (value == null) {
                value = linking.scope().values().get(argument.name());
            }
            text.append(' ').append(argument.name());
            if (value != null) {
                text.append('=').append(value);
                variables.put(argument.name(), value);
                environment = null;
            }
            arguments.put(argument.name(), value == null ? "" : value);
        }
        line(text.toString());
    }

    private void expose(Instruction.Expose expose) {
        List<String> ports = new ArrayList<>();
        // BuildKit tells the words in the order of their text, and history is compared with others' builds.
        for (String written : expose.ports().stream().sorted().toList()) {
            for (String port : expansion.words(written, variables::get)) {
                dev.strata.dockerfile.Ports.parse(port).forEach(parsed -> ports.add(parsed.toString()));
            }
        }
        ports.forEach(port -> execution.exposedPorts.put(port, Map.of()));
        line("EXPOSE " + History.plain(ports));
    }

    private void volume(Instruction.Volume volume) {
        List<String> paths = new ArrayList<>();
        for (String written : volume.paths()) {
            String path = word(written);
            if (path.isEmpty()) {
                throw new IllegalArgumentException("VOLUME specified can not be an empty string");
            }
            paths.add(path);
            execution.volumes.put(path, Map.of());
        }
        line("VOLUME " + History.plain(paths));
    }

    private void healthcheck(Instruction.Healthcheck check) {
        List<String> test = new ArrayList<>();
        switch (check.command()) {
            case null -> test.add("NONE");
            case dev.strata.dockerfile.Command.Shell(String text) -> test.addAll(List.of("CMD-SHELL", text));
            case dev.strata.dockerfile.Command.Exec(List<String> words) -> {
                test.add("CMD");
                test.addAll(words);
            }
        }
        execution.healthcheck = new Execution.Healthcheck(
                List.copyOf(test),
                check.interval() == null ? 0 : check.interval().toNanos(),
                check.timeout() == null ? 0 : check.timeout().toNanos(),
                check.startPeriod() == null ? 0 : check.startPeriod().toNanos(),
                check.startInterval() == null ? 0 : check.startInterval().toNanos(),
                check.retries() == null ? 0 : check.retries());
        line("HEALTHCHECK " + History.healthcheck(execution.healthcheck));
    }

    /** A command's words, the shell's before a text for the shell. */
    List<String> words(dev.strata.dockerfile.Command command) {
        return switch (command) {
            case dev.strata.dockerfile.Command.Exec(List<String> words) -> words;
            case dev.strata.dockerfile.Command.Shell(String text) -> withShell(text);
        };
    }

    List<String> withShell(String text) {
        List<String> all = new ArrayList<>(
                execution.shell != null && !execution.shell.isEmpty() ? execution.shell : defaultShell());
        all.add(text);
        return List.copyOf(all);
    }

    /** An empty list takes back what the base has, and leaves nothing in the configuration. */
    private static @Nullable List<String> nullIfEmpty(List<String> words) {
        return words.isEmpty() ? null : words;
    }

    private List<String> defaultShell() {
        return base.config().os().equals("windows") ? List.of("cmd", "/S", "/C") : List.of("/bin/sh", "-c");
    }

    boolean windows() {
        return base.config().os().equals("windows");
    }

    String word(String written) {
        String text = expansion.word(written, variables::get).text();
        keep(text.length());
        return text;
    }

    /** What a command sees; as long as nothing changes, all share one. */
    SequencedMap<String, String> environment() {
        keep(arguments.size());
        if (environment == null) {
            keep((long) ENTRY * variables.size());
            environment = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(variables));
        }
        return environment;
    }

    /** Counts what stays in memory for this stage. */
    void keep(long size) {
        linking.keep(size, place);
    }

    Expansion expansion() {
        return expansion;
    }

    void line(String createdBy) {
        keep(createdBy.length());
        lines.add(new Product.Line(createdBy, null));
    }

    /** Ends the stage's file system with this step. */
    void step(Step.Layered step, String createdBy) {
        last = linking.add(step);
        keep(createdBy.length() + (execution.workingDir == null ? 0L : execution.workingDir.length()));
        lines.add(new Product.Line(createdBy, step.id()));
    }

    Label label(Instruction instruction, boolean trigger) {
        number++;
        return label((trigger ? "ONBUILD " : "") + instruction.original(), location(instruction, trigger));
    }

    private Label label(String text, Location location) {
        return new Label(
                StageLinking.label(stage), number, Math.max(total, number), location.startLine(), oneLine(text));
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s+", " ").trim();
    }

    boolean withoutCache() {
        return anew || linking.request().withoutCache(StageLinking.label(stage));
    }

    /** Variables for proxies that were given as build arguments, in both spellings that programs look for. */
    SequencedMap<String, String> proxies() {
        SequencedMap<String, String> found = new LinkedHashMap<>();
        linking.request().args().forEach((name, value) -> {
            switch (name.toLowerCase(Locale.ROOT)) {
                case "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy" -> {
                    found.put(name.toUpperCase(Locale.ROOT), value);
                    found.put(name.toLowerCase(Locale.ROOT), value);
                }
                default -> {
                    // no proxy's name
                }
            }
        });
        return found;
    }
}
