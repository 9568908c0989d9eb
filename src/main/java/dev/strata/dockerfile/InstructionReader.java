package dev.strata.dockerfile;

import static java.util.Map.entry;

import dev.strata.dockerfile.Flags.Kind;
import dev.strata.dockerfile.Instruction.Argument;
import dev.strata.dockerfile.Instruction.Pair;
import dev.strata.dockerfile.StatementReader.Malformed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives a statement's words their meaning. */
final class InstructionReader {
    static final List<String> KEYWORDS = List.of(
            "ADD",
            "ARG",
            "CMD",
            "COPY",
            "ENTRYPOINT",
            "ENV",
            "EXPOSE",
            "FROM",
            "HEALTHCHECK",
            "LABEL",
            "MAINTAINER",
            "ONBUILD",
            "RUN",
            "SHELL",
            "STOPSIGNAL",
            "USER",
            "VOLUME",
            "WORKDIR");
    private static final Map<String, Kind> NONE = Map.of();
    private static final Map<String, Kind> FROM = Map.of("platform", Kind.VALUE);
    private static final Map<String, Kind> RUN =
            Map.of("mount", Kind.VALUES, "network", Kind.VALUE, "security", Kind.VALUE, "device", Kind.VALUES);
    private static final Map<String, Kind> COPY = Map.of(
            "chown",
            Kind.VALUE,
            "chmod",
            Kind.VALUE,
            "from",
            Kind.VALUE,
            "link",
            Kind.SWITCH,
            "parents",
            Kind.SWITCH,
            "exclude",
            Kind.VALUES);
    private static final Map<String, Kind> ADD = Map.ofEntries(
            entry("chown", Kind.VALUE),
            entry("chmod", Kind.VALUE),
            entry("link", Kind.SWITCH),
            entry("keep-git-dir", Kind.SWITCH),
            entry("checksum", Kind.VALUE),
            entry("unpack", Kind.SWITCH),
            entry("exclude", Kind.VALUES));
    private static final Map<String, Kind> HEALTHCHECK = Map.of(
            "interval",
            Kind.VALUE,
            "timeout",
            Kind.VALUE,
            "start-period",
            Kind.VALUE,
            "start-interval",
            Kind.VALUE,
            "retries",
            Kind.VALUE);
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private final Statement statement;

    private InstructionReader(Statement statement) {
        this.statement = statement;
    }

    /** Any instruction but FROM. */
    static Instruction read(Statement statement) {
        return new InstructionReader(statement).instruction();
    }

    /** FROM, as a stage without instructions yet. */
    static Stage readFrom(Statement statement, int index) {
        return new InstructionReader(statement).from(index);
    }

    private Instruction instruction() {
        return switch (statement.name()) {
            case "add" -> add();
            case "arg" -> arg();
            case "cmd" -> new Instruction.Cmd(plain(), command());
            case "copy" -> copy();
            case "entrypoint" -> new Instruction.Entrypoint(plain(), command());
            case "env" -> new Instruction.Env(plain(), pairs());
            case "expose" -> new Instruction.Expose(plain(), atLeastOne());
            case "healthcheck" -> healthcheck();
            case "label" -> new Instruction.Label(plain(), pairs());
            case "maintainer" -> new Instruction.Maintainer(plain(), exactlyOne());
            case "onbuild" -> onBuild();
            case "run" -> run();
            case "shell" -> shell();
            case "stopsignal" -> new Instruction.StopSignal(statement.source(), exactlyOne());
            case "user" -> new Instruction.User(plain(), exactlyOne());
            case "volume" -> volume();
            case "workdir" -> new Instruction.Workdir(plain(), exactlyOne());
            default -> throw unknown();
        };
    }

    private Malformed unknown() {
        String keyword = statement.source().keyword();
        String closest = Suggestion.closest(keyword, KEYWORDS);
        return wrong(
                "unknown instruction: " + keyword,
                closest == null ? "one of " + String.join(", ", KEYWORDS) : null,
                closest,
                keyword);
    }

    private Malformed wrong(
            String message, @Nullable String expected, @Nullable String suggestion, @Nullable String marked) {
        return new Malformed(new SyntaxError(statement.location(), message, expected, suggestion, marked));
    }

    private Malformed wrong(String message, @Nullable String expected) {
        return wrong(message, expected, null, null);
    }

    private String keyword() {
        return statement.source().keyword().toUpperCase(Locale.ROOT);
    }

    /** The source of an instruction that has no flags. */
    private Source plain() {
        new Flags(statement, NONE);
        return statement.source();
    }

    private List<String> atLeastOne() {
        if (statement.arguments().isEmpty()) {
            throw wrong(keyword() + " requires at least one argument", null);
        }
        return statement.arguments();
    }

    private String exactlyOne() {
        if (statement.arguments().size() != 1) {
            throw wrong(keyword() + " requires exactly one argument", null);
        }
        return statement.arguments().getFirst();
    }

    private Command command() {
        if (statement.json()) {
            return new Command.Exec(statement.arguments());
        }
        return new Command.Shell(String.join(" ", statement.arguments()));
    }

    private Stage from(int index) {
        List<String> arguments = statement.arguments();
        boolean named = arguments.size() == 3 && arguments.get(1).equalsIgnoreCase("as");
        if (arguments.size() != 1 && !named) {
            throw wrong("FROM requires either one or three arguments", "FROM image or FROM image AS name");
        }
        @Nullable String written = named ? arguments.get(2) : null;
        @Nullable String name = written == null ? null : written.toLowerCase(Locale.ROOT);
        if (name != null && !canNameStage(name)) {
            throw wrong(
                    "invalid name for build stage: \"" + written + "\"",
                    "a letter, then letters, digits, _ . or -",
                    null,
                    written);
        }
        Flags flags = new Flags(statement, FROM);
        return new Stage(
                statement.source(), index, name, written, arguments.getFirst(), flags.value("platform"), List.of());
    }

    private static boolean canNameStage(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = c >= 'a' && c <= 'z';
            if (!letter && (i == 0 || (!(c >= '0' && c <= '9') && "_.-".indexOf(c) < 0))) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    private Instruction run() {
        Flags flags = new Flags(statement, RUN);
        String network = oneOf(flags, "network", List.of("default", "none", "host"));
        String security = oneOf(flags, "security", List.of("sandbox", "insecure"));
        for (String device : flags.values("device")) {
            RunDevice.check(device, statement.location());
        }
        for (String mount : flags.values("mount")) {
            RunMount.checkEarly(mount, statement.location());
        }
        return new Instruction.Run(
                statement.source(),
                command(),
                statement.heredocs(),
                flags.values("mount"),
                network,
                security,
                flags.values("device"));
    }

    private @Nullable String oneOf(Flags flags, String name, List<String> known) {
        String value = flags.values(name).isEmpty() ? null : flags.values(name).getFirst();
        if (value != null && !known.contains(value)) {
            throw wrong(
                    "\"" + value + "\" is no value of --" + name,
                    String.join(" or ", known),
                    Suggestion.closest(value, known),
                    value);
        }
        return value;
    }

    /** Paths, heredocs and destination of COPY and ADD. */
    private record Transfer(List<String> sources, List<Heredoc> heredocs, String destination) {}

    private Transfer transfer() {
        List<String> arguments = statement.arguments();
        if (arguments.size() < 2) {
            throw wrong(
                    keyword() + " requires at least two arguments"
                            + (arguments.isEmpty() ? "" : ", but only one was provided"),
                    "one or more sources, then the destination");
        }
        String destination = arguments.getLast();
        if (heredoc(destination) != null) {
            throw wrong(keyword() + " cannot accept a heredoc as a destination", null, null, destination);
        }
        Map<String, Heredoc> texts = new HashMap<>();
        for (Heredoc heredoc : statement.heredocs()) {
            texts.put(heredoc.name(), heredoc);
        }
        List<String> sources = new ArrayList<>();
        List<Heredoc> heredocs = new ArrayList<>();
        for (String source : arguments.subList(0, arguments.size() - 1)) {
            HeredocWord word = heredoc(source);
            if (word == null) {
                sources.add(source);
                continue;
            }
            Heredoc text = texts.get(word.name());
            heredocs.add(new Heredoc(
                    word.name(),
                    word.expand(),
                    word.stripTabs(),
                    word.fileDescriptor(),
                    text == null ? "" : text.raw()));
        }
        return new Transfer(sources, heredocs, destination);
    }

    private static @Nullable HeredocWord heredoc(String word) {
        try {
            return HeredocWord.parse(word);
        } catch (ExpansionException e) {
            return null;
        }
    }

    private Instruction copy() {
        Transfer transfer = transfer();
        Flags flags = new Flags(statement, COPY);
        return new Instruction.Copy(
                statement.source(),
                transfer.sources(),
                transfer.heredocs(),
                transfer.destination(),
                flags.value("from"),
                flags.value("chown"),
                flags.value("chmod"),
                flags.isOn("link"),
                flags.isOn("parents"),
                flags.values("exclude"));
    }

    private Instruction add() {
        Transfer transfer = transfer();
        Flags flags = new Flags(statement, ADD);
        return new Instruction.Add(
                statement.source(),
                transfer.sources(),
                transfer.heredocs(),
                transfer.destination(),
                flags.value("chown"),
                flags.value("chmod"),
                flags.isOn("link"),
                flags.toggle("keep-git-dir"),
                flags.value("checksum"),
                flags.toggle("unpack"),
                flags.values("exclude"));
    }

    private List<Pair> pairs() {
        List<String> threes = atLeastOne();
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < threes.size(); i += 3) {
            if (threes.get(i).isEmpty()) {
                throw wrong(keyword() + " names can not be blank", "name=value");
            }
            pairs.add(
                    new Pair(threes.get(i), threes.get(i + 1), threes.get(i + 2).isEmpty()));
        }
        return pairs;
    }

    private Instruction arg() {
        List<Argument> arguments = new ArrayList<>();
        for (String word : atLeastOne()) {
            int equals = word.indexOf('=');
            if (equals == 0) {
                throw wrong("ARG names can not be blank", "name or name=value", null, word);
            }
            String name = equals < 0 ? word : word.substring(0, equals);
            @Nullable String value = equals < 0 ? null : word.substring(equals + 1);
            arguments.add(new Argument(name, value, Source.explanation(statement.source(), name)));
        }
        return new Instruction.Arg(statement.source(), arguments);
    }

    private Instruction shell() {
        new Flags(statement, NONE);
        List<String> arguments = atLeastOne();
        if (!statement.json()) {
            String mistake = statement.jsonMistake();
            throw wrong(
                    "SHELL requires the arguments to be in JSON form" + (mistake == null ? "" : ": " + mistake),
                    "such as SHELL [\"/bin/bash\", \"-c\"]");
        }
        return new Instruction.Shell(statement.source(), arguments);
    }

    private Instruction volume() {
        List<String> paths = new ArrayList<>();
        new Flags(statement, NONE);
        for (String path : atLeastOne()) {
            String trimmed = Whitespace.trim(path);
            if (trimmed.isEmpty()) {
                throw wrong("VOLUME specified can not be an empty string", "a path");
            }
            paths.add(trimmed);
        }
        return new Instruction.Volume(statement.source(), paths);
    }

    private Instruction onBuild() {
        atLeastOne();
        new Flags(statement, NONE);
        String trigger = Whitespace.trim(statement.arguments().getFirst()).toUpperCase(Locale.ROOT);
        switch (trigger) {
            case "ONBUILD" ->
                throw wrong("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", null, null, "ONBUILD");
            case "MAINTAINER", "FROM" ->
                throw wrong(trigger + " isn't allowed as an ONBUILD trigger", null, null, trigger);
            default -> {}
        }
        String original = Whitespace.trimStart(statement.source().original());
        StringBuilder text = new StringBuilder(Whitespace.trimStart(original.substring("ONBUILD".length())));
        for (Heredoc heredoc : statement.heredocs()) {
            text.append('\n').append(heredoc.raw()).append(heredoc.name());
        }
        return new Instruction.OnBuild(statement.source(), text.toString());
    }

    private Instruction healthcheck() {
        List<String> arguments = atLeastOne();
        String type = arguments.getFirst().toUpperCase(Locale.ROOT);
        List<String> rest = arguments.subList(1, arguments.size());
        if (type.equals("NONE")) {
            if (!rest.isEmpty()) {
                throw wrong("HEALTHCHECK NONE takes no arguments", null);
            }
            return new Instruction.Healthcheck(statement.source(), null, null, null, null, null, null);
        }
        Flags flags = new Flags(statement, HEALTHCHECK);
        if (!type.equals("CMD")) {
            throw wrong("unknown type \"" + type + "\" in HEALTHCHECK", "CMD or NONE", null, arguments.getFirst());
        }
        if (rest.isEmpty()) {
            throw wrong("Missing command after HEALTHCHECK CMD", "HEALTHCHECK CMD command");
        }
        return new Instruction.Healthcheck(
                statement.source(),
                statement.json() ? new Command.Exec(rest) : new Command.Shell(String.join(" ", rest)),
                duration(flags, "interval"),
                duration(flags, "timeout"),
                duration(flags, "start-period"),
                duration(flags, "start-interval"),
                retries(flags.value("retries")));
    }

    private @Nullable Duration duration(Flags flags, String name) {
        String value = flags.value(name);
        if (value == null) {
            return null;
        }
        Duration duration;
        try {
            duration = Durations.parse(value);
        } catch (IllegalArgumentException e) {
            throw wrong("--" + name + ": " + e.getMessage(), null, null, value);
        }
        if (!duration.isZero() && duration.compareTo(SHORTEST) < 0) {
            throw wrong("--" + name + " cannot be less than 1ms", null, null, value);
        }
        return duration;
    }

    private @Nullable Integer retries(@Nullable String value) {
        if (value == null) {
            return null;
        }
        try {
            int retries = Integer.parseInt(value);
            if (retries < 0) {
                throw wrong("--retries cannot be negative", "a whole number", null, value);
            }
            return retries;
        } catch (NumberFormatException e) {
            throw wrong("--retries=" + value + " is no number", "a whole number", null, value);
        }
    }
}
