package dev.strata;

import dev.strata.builder.Build;
import dev.strata.builder.BuildSettings;
import dev.strata.builder.PlatformImages;
import dev.strata.context.ContextException;
import dev.strata.context.GitAddress;
import dev.strata.image.Descriptor;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Removal;
import dev.strata.plan.Event;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import dev.strata.plan.Plan;
import dev.strata.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata build}: the engine of builder pods here, without a cluster. */
@Command(
        name = "build",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Builds an image from a Dockerfile, here, without a cluster.",
        footer = {
            "",
            "Examples:",
            "  strata build --output type=image,name=localhost:5000/shop:1,push=true .",
            "  strata build -f web/Dockerfile --target runtime --output type=oci,dest=image web",
            "",
            "Exit codes: 0 built, 1 the build failed, 2 wrong usage, 3 a registry or source failed."
        })
class BuildCommand implements Callable<Integer> {
    /** How long commands may take to end after Ctrl-C. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(
            arity = "0..1",
            paramLabel = "CONTEXT",
            description = "Folder, git address or URL of a tar that holds the files to build from; default: here.")
    private String context = ".";

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The Dockerfile; default: Dockerfile in the context.")
    private @Nullable String file;

    @Option(
            names = {"-t", "--tag"},
            paramLabel = "NAME",
            description = "Name of the image, as in --output type=image,name=NAME,push=true; may be repeated.")
    private List<String> tags = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "TYPE",
            description = {
                "Where the image goes; may be repeated:",
                "type=image,name=NAME[,push=true][,compression=gzip|zstd|uncompressed][,compression-level=N]",
                "type=oci,dest=FOLDER|FILE.tar, type=docker,dest=FILE, type=local,dest=FOLDER, type=tar,dest=FILE"
            })
    private List<String> outputs = new ArrayList<>();

    @Mixin
    private StageChoice stage = new StageChoice();

    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "Label of the image; may be repeated.")
    private List<String> labels = new ArrayList<>();

    @Option(
            names = "--annotation",
            paramLabel = "NAME=VALUE",
            description = "Annotation of the image's manifest; may be repeated.")
    private List<String> annotations = new ArrayList<>();

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            split = ",",
            description =
                    "Platform of the image; default: this machine's. Several, separated by commas, are joined in an"
                            + " index.")
    private List<String> platforms = new ArrayList<>();

    @Option(
            names = "--secret",
            paramLabel = "id=ID[,src=FILE|env=NAME]",
            description = "Secret for RUN --mount=type=secret; may be repeated.")
    private List<String> secrets = new ArrayList<>();

    @Option(
            names = "--ssh",
            paramLabel = "ID[=SOCKET|KEY]",
            description = "Agent for RUN --mount=type=ssh: a socket, or a file with a private key;"
                    + " default: $SSH_AUTH_SOCK; may be repeated.")
    private List<String> ssh = new ArrayList<>();

    @Option(
            names = "--build-context",
            paramLabel = "NAME=VALUE",
            description = "Further files or another image under a name: a folder, docker-image://IMAGE,"
                    + " oci-layout://FOLDER[:TAG], target:STAGE, a git address or URL; may be repeated.")
    private List<String> contexts = new ArrayList<>();

    @Option(
            names = "--add-host",
            paramLabel = "NAME:ADDRESS",
            description = "Line for /etc/hosts of RUN; may be repeated.")
    private List<String> addHosts = new ArrayList<>();

    @Option(
            names = "--network",
            paramLabel = "MODE",
            defaultValue = "default",
            description = "Network of RUN: default, host or none; default: ${DEFAULT-VALUE}.")
    private String network = "default";

    @Option(
            names = "--allow",
            paramLabel = "WHAT",
            split = ",",
            description = "security.insecure allows RUN --security=insecure.")
    private List<String> allow = new ArrayList<>();

    @Option(
            names = "--limit",
            paramLabel = "NAME=VALUE",
            description =
                    "What one source, archive or layer may unpack to: unpacked-size=64GiB, unpacked-files=1000000;"
                            + " these are the defaults; may be repeated.")
    private List<String> limits = new ArrayList<>();

    @Option(names = "--no-cache", description = "Run every step, whatever the cache knows.")
    private boolean noCache;

    @Option(
            names = "--no-cache-filter",
            paramLabel = "STAGE",
            split = ",",
            description = "Run every step of these stages.")
    private List<String> noCacheFilter = new ArrayList<>();

    @Option(
            names = "--cache-repo",
            paramLabel = "REPOSITORY",
            description = "Repository of a registry that keeps finished steps for builds elsewhere.")
    private @Nullable String cacheRepository;

    @Option(
            names = "--cache-max-age",
            paramLabel = "AGE",
            description = "Take no finished step that is older, such as 90m, 12h or 7d.")
    private @Nullable String cacheMaxAge;

    @Option(
            names = "--state",
            paramLabel = "FOLDER",
            description = "Folder that keeps layers and finished steps between builds; default: ~/.cache/strata/state.")
    private @Nullable Path state;

    @Option(
            names = "--reproducible",
            description = "Clamp all times to the source date, so that the same inputs give the same digest.")
    private boolean reproducible;

    @Option(
            names = "--source-date-epoch",
            paramLabel = "SECONDS",
            description = "The source date; default: $SOURCE_DATE_EPOCH, or the commit's time.")
    private @Nullable Long sourceDateEpoch;

    @Option(
            names = "--snapshots",
            paramLabel = "DRIVER",
            description = "How files of steps are kept: overlay, btrfs or copy; default: the best that works.")
    private @Nullable String snapshots;

    @Option(
            names = "--progress",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "auto, plain (lines), tty (live) or quiet (the digest only); default: ${DEFAULT-VALUE}.")
    private String progress = "auto";

    @Override
    public Integer call() throws IOException {
        List<Platform> wanted = platforms();
        Plan.Output output = output();
        Path folder = stateFolder();
        Files.createDirectories(folder);
        Path temporary = Files.createTempDirectory(folder, "build");
        BuildProgress shown = BuildProgress.of(progress, System.out);
        try (Stopping _ = new Stopping(PATIENCE)) {
            return wanted.size() == 1
                    ? code(build(plan(wanted.getFirst(), output), folder, temporary, shown))
                    : buildAll(wanted, output, folder, temporary, shown);
        } finally {
            Removal.of(temporary);
            shown.close();
        }
    }

    final CommandSpec command() {
        return Objects.requireNonNull(spec);
    }

    final Path stateFolder() {
        return Names.state(state);
    }

    /** The engine for the first platform. */
    final Build engine(Path temporary, Consumer<Event> events) {
        return engine(plan(platforms().getFirst(), output()), stateFolder(), temporary, events);
    }

    private Build engine(Plan plan, Path folder, Path temporary, Consumer<Event> events) {
        BuildSettings settings = new BuildSettings(
                folder,
                temporary,
                !"none".equals(System.getenv("STRATA_ISOLATION")),
                snapshots,
                BuildSettings.commandsByDefault());
        return new Build(plan, settings, events, Clock.systemUTC());
    }

    private Outcome build(Plan plan, Path folder, Path temporary, BuildProgress shown) {
        return engine(plan, folder, temporary, shown).run();
    }

    /** One build a platform, one after the other; an index joins what they made. The first that fails ends it. */
    private int buildAll(List<Platform> wanted, Plan.Output output, Path folder, Path temporary, BuildProgress shown)
            throws IOException {
        PlatformImages images;
        try {
            images = new PlatformImages(Files.createDirectory(temporary.resolve("images")), output);
        } catch (IllegalArgumentException e) {
            throw wrong("--platform with several: " + e.getMessage());
        }
        for (Platform platform : wanted) {
            Path own = Files.createTempDirectory(temporary, "platform");
            Outcome outcome = build(plan(platform, images.output(platform)), folder, own, shown);
            if (!(outcome instanceof Outcome.Built)) {
                return code(outcome);
            }
        }
        try {
            Descriptor index = images.join(access.registries());
            shown.accept(new Event.Ended(new Outcome.Built(index.digest(), output.names())));
            return Main.OK;
        } catch (RegistryException e) {
            return Names.failed(Objects.requireNonNull(spec), e);
        }
    }

    private static int code(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Built built -> Main.OK;
            case Outcome.Failed(Failure failure) ->
                failure.cause() == Failure.Cause.OUTSIDE ? Main.OUTSIDE : Main.FAILED;
        };
    }

    private List<Platform> platforms() {
        CommandSpec command = Objects.requireNonNull(spec);
        return platforms.isEmpty()
                ? List.of(Names.platform(command, null))
                : platforms.stream()
                        .map(text -> Names.platform(command, text))
                        .distinct()
                        .toList();
    }

    private Plan.Output output() {
        Map<String, String> options = new LinkedHashMap<>();
        List<Reference> names = new ArrayList<>();
        List<Plan.Export> exports = new ArrayList<>();
        tags.forEach(tag -> names.add(Names.reference(Objects.requireNonNull(spec), tag)));
        outputs.forEach(output -> output(output, names, exports, options));
        return new Plan.Output(
                names,
                exports,
                pairs("--label", labels),
                pairs("--annotation", annotations),
                compression(options),
                level(options));
    }

    private Plan plan(Platform platform, Plan.Output output) {
        return new Plan(
                Path.of(context).toAbsolutePath().normalize().toString(),
                source(context),
                new Plan.DockerfileAt(dockerfile(), null),
                stage.target(),
                stage.arguments(Objects.requireNonNull(spec)),
                platform,
                secrets(),
                agents(),
                namedContexts(),
                addHosts(),
                network(),
                allow.contains("security.insecure"),
                output,
                cache(),
                noCache,
                noCacheFilter,
                reproducible,
                epoch(),
                access.registries(),
                null,
                null,
                limits());
    }

    private Plan.Cache cache() {
        Reference repository =
                cacheRepository == null ? null : Names.reference(Objects.requireNonNull(spec), cacheRepository);
        Duration age = cacheMaxAge == null
                ? null
                : Names.duration(Objects.requireNonNull(spec), "--cache-max-age", cacheMaxAge);
        return new Plan.Cache(repository, null, age == null ? null : age.toSeconds(), null);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    private String dockerfile() {
        if (file != null) {
            Path given = Path.of(file);
            return given.toAbsolutePath().normalize().toString();
        }
        return "Dockerfile";
    }

    private @Nullable Long epoch() {
        if (sourceDateEpoch != null) {
            return sourceDateEpoch;
        }
        String given = System.getenv("SOURCE_DATE_EPOCH");
        if (given == null || given.isEmpty()) {
            return null;
        }
        if (!given.matches("[0-9]{1,12}")) {
            throw wrong("SOURCE_DATE_EPOCH must be seconds since 1970, not \"" + given + "\"");
        }
        return Long.valueOf(given);
    }

    private void output(String text, List<Reference> names, List<Plan.Export> exports, Map<String, String> options) {
        Map<String, String> fields = fields(text.contains("=") ? text : "type=local,dest=" + text, "--output");
        String type = fields.getOrDefault("type", "");
        options.putAll(fields);
        switch (type) {
            case "image", "registry" -> {
                if (type.equals("registry") || Boolean.parseBoolean(fields.getOrDefault("push", "false"))) {
                    for (String name : fields.getOrDefault("name", "").split(",")) {
                        names.add(Names.reference(Objects.requireNonNull(spec), name));
                    }
                }
            }
            case "oci", "docker", "tar", "local" -> {
                String destination = fields.get("dest");
                if (destination == null) {
                    throw wrong("--output type=" + type + " needs dest=");
                }
                exports.add(new Plan.Export(
                        type, Path.of(destination).toAbsolutePath().toString()));
            }
            default ->
                throw wrong("--output type=" + type + ": the types are image, registry, oci, docker, tar and local");
        }
    }

    private String compression(Map<String, String> options) {
        String compression = options.getOrDefault("compression", "gzip");
        if (!List.of("gzip", "zstd", "uncompressed").contains(compression)) {
            throw wrong("compression=" + compression + ": gzip, zstd and uncompressed are known");
        }
        return compression;
    }

    private @Nullable Integer level(Map<String, String> options) {
        String level = options.get("compression-level");
        if (level != null && !level.matches("[0-9]{1,2}")) {
            throw wrong("compression-level=" + level + " is no number");
        }
        return level == null ? null : Integer.valueOf(level);
    }

    /** {@code a=b,c=d}; a value may be quoted as in CSV. */
    private Map<String, String> fields(String text, String option) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String field : text.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
            String plain = field.startsWith("\"") && field.endsWith("\"") && field.length() > 1
                    ? field.substring(1, field.length() - 1)
                    : field;
            int equals = plain.indexOf('=');
            if (equals < 1) {
                throw wrong(option + " " + text + ": \"" + plain + "\" must be NAME=VALUE");
            }
            fields.put(plain.substring(0, equals).toLowerCase(Locale.ROOT), plain.substring(equals + 1));
        }
        return fields;
    }

    private SortedMap<String, String> pairs(String option, List<String> texts) {
        SortedMap<String, String> pairs = new TreeMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals == 0) {
                throw wrong(option + " " + text + " has no name");
            }
            pairs.put(equals < 0 ? text : text.substring(0, equals), equals < 0 ? "" : text.substring(equals + 1));
        }
        return pairs;
    }

    private SortedMap<String, Plan.SecretAt> secrets() {
        SortedMap<String, Plan.SecretAt> found = new TreeMap<>();
        for (String secret : secrets) {
            Map<String, String> fields = fields(secret, "--secret");
            String id = fields.get("id");
            if (id == null || id.isEmpty()) {
                throw wrong("--secret " + secret + " needs id=");
            }
            String path = fields.getOrDefault("src", fields.get("source"));
            String variable = fields.get("env");
            for (String name : fields.keySet()) {
                if (!List.of("id", "src", "source", "env", "type").contains(name)) {
                    throw wrong("--secret " + secret + ": \"" + name + "\" is not known; id, src and env are");
                }
            }
            String type = fields.getOrDefault("type", "file");
            if (!type.equals("file") && !type.equals("env")) {
                throw wrong("--secret " + secret + ": type is file or env");
            }
            if (type.equals("env") && variable == null) {
                variable = path == null ? id : path;
                path = null;
            }
            if (path == null && variable == null && System.getenv(id) != null) {
                variable = id;
            }
            if (path == null && variable == null) {
                path = id;
            }
            if (path != null && !Files.isReadable(Path.of(path))) {
                throw wrong("--secret " + secret + ": the file " + path + " cannot be read");
            }
            found.put(
                    id,
                    new Plan.SecretAt(
                            path == null ? null : Path.of(path).toAbsolutePath().toString(), variable));
        }
        return found;
    }

    private SortedMap<String, String> agents() {
        SortedMap<String, String> found = new TreeMap<>();
        for (String agent : ssh) {
            int equals = agent.indexOf('=');
            String socket = equals < 0 ? System.getenv("SSH_AUTH_SOCK") : agent.substring(equals + 1);
            if (socket == null || socket.isEmpty()) {
                throw wrong("--ssh " + agent + ": SSH_AUTH_SOCK is not set");
            }
            found.put(
                    equals < 0 ? agent : agent.substring(0, equals),
                    Path.of(socket).toAbsolutePath().toString());
        }
        return found;
    }

    private SortedMap<String, Plan.Source> namedContexts() {
        SortedMap<String, Plan.Source> found = new TreeMap<>();
        for (String named : contexts) {
            int equals = named.indexOf('=');
            if (equals < 1) {
                throw wrong("--build-context " + named + " must be NAME=VALUE");
            }
            found.put(named.substring(0, equals).toLowerCase(Locale.ROOT), namedSource(named.substring(equals + 1)));
        }
        return found;
    }

    private Plan.Source namedSource(String value) {
        if (value.startsWith("docker-image://")) {
            return new Plan.Source.Oci(
                    Names.reference(Objects.requireNonNull(spec), value.substring("docker-image://".length())));
        }
        if (value.startsWith("target:")) {
            return new Plan.Source.StageAlias(value.substring("target:".length()));
        }
        if (value.startsWith("oci-layout://")) {
            String rest = value.substring("oci-layout://".length());
            int at = rest.indexOf('@');
            int colon = rest.lastIndexOf(':');
            int end = at >= 0 ? at : colon > rest.lastIndexOf('/') ? colon : rest.length();
            return new Plan.Source.OciLayout(
                    Path.of(rest.substring(0, end)).toAbsolutePath().toString(),
                    end == rest.length() ? null : rest.substring(end + 1));
        }
        return source(value);
    }

    private Plan.Source source(String value) {
        @Nullable GitAddress address;
        try {
            address = GitAddress.parse(value).orElse(null);
        } catch (ContextException e) {
            throw wrong(e.getMessage() + (e.mend() == null ? "" : " (" + e.mend() + ")"));
        }
        if (address != null) {
            if (Boolean.TRUE.equals(address.keepGitDirectory())
                    || (address.commit() != null && address.revision() != null)) {
                throw wrong(value + ": a context has no .git, and either a revision or a commit");
            }
            return new Plan.Source.Git(
                    address.remote(),
                    address.revision() == null ? address.commit() : address.revision(),
                    address.folder(),
                    !Boolean.FALSE.equals(address.submodules()),
                    null);
        }
        if (value.startsWith("http://") || value.startsWith("https://")) {
            return new Plan.Source.Http(value, null, null);
        }
        return new Plan.Source.Folder(
                Path.of(value).toAbsolutePath().normalize().toString(), false);
    }

    private Plan.Limits limits() {
        long size = Plan.Limits.DEFAULT.unpackedBytes();
        long files = Plan.Limits.DEFAULT.unpackedFiles();
        for (String limit : limits) {
            int equals = limit.indexOf('=');
            String value = limit.substring(equals + 1);
            switch (equals < 0 ? "" : limit.substring(0, equals)) {
                case "unpacked-size" -> size = Names.bytes(Objects.requireNonNull(spec), "--limit", value);
                case "unpacked-files" -> {
                    if (!value.matches("[0-9]{1,18}")) {
                        throw wrong("--limit " + limit + ": no number of files");
                    }
                    files = Long.parseLong(value);
                }
                default -> throw wrong("--limit " + limit + ": unpacked-size and unpacked-files have limits");
            }
        }
        if (size < 1 || files < 1) {
            throw wrong("--limit: the least is 1");
        }
        return new Plan.Limits(size, files);
    }

    private List<String> addHosts() {
        return addHosts.stream()
                .map(host -> {
                    int separator = host.indexOf('=') >= 0 ? host.indexOf('=') : host.indexOf(':');
                    if (separator < 1 || separator == host.length() - 1) {
                        throw wrong("--add-host " + host + " must be NAME:ADDRESS");
                    }
                    return host.substring(0, separator) + ":"
                            + host.substring(separator + 1).replaceAll("^\\[|\\]$", "");
                })
                .toList();
    }

    private String network() {
        if (!List.of("default", "host", "none").contains(network)) {
            throw wrong("--network " + network + ": default, host and none are known");
        }
        return network;
    }
}
