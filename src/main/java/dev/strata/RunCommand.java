package dev.strata;

import dev.strata.builder.BuildSettings;
import dev.strata.builder.ImageRun;
import dev.strata.builder.OpenImages;
import dev.strata.layer.Removal;
import dev.strata.registry.Registry;
import dev.strata.sandbox.Exit;
import dev.strata.sandbox.MountPoint;
import dev.strata.sandbox.NotStarted;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata run}: a command in an image's root, in the sandbox that RUN has. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs a command in an image's root, in the sandbox that RUN has; what it writes is thrown away.",
        footer = {
            "",
            "An image is a name in a registry, or oci-layout://FOLDER[:TAG]. Without COMMAND the image's own runs. It has"
                    + " no input, and its two outputs come on one road.",
            "",
            "Examples:",
            "  strata run debian:12 cat /etc/os-release",
            "  strata run --volume ./data:/data:ro --user nobody oci-layout://image ls -l /data",
            "Exit code: that of the command; 125 where it was not begun."
        })
final class RunCommand implements Callable<Integer> {
    /** As docker has it: so that it is not taken for the command's own. */
    static final int NOT_BEGUN = 125;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(index = "0", paramLabel = "IMAGE", description = "Name of an image.")
    private String image = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "COMMAND",
            description = "A program and its words, behind the image's ENTRYPOINT and in place of its CMD.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = {"-e", "--env"},
            paramLabel = "NAME[=VALUE]",
            description = "A variable; without =VALUE that of the environment; may be repeated.")
    private List<String> variables = new ArrayList<>();

    @Option(
            names = {"-w", "--workdir"},
            paramLabel = "FOLDER",
            description = "Where it runs; default: the image's.")
    private @Nullable String workingDirectory;

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER[:GROUP]",
            description = "As whom it runs; default: the image's.")
    private @Nullable String user;

    @Option(
            names = {"-v", "--volume"},
            paramLabel = "SOURCE:TARGET[:ro]",
            description = "A folder or file of this machine in the root; may be repeated.")
    private List<String> volumes = new ArrayList<>();

    @Option(
            names = "--entrypoint",
            paramLabel = "PROGRAM",
            description = "In place of the image's ENTRYPOINT, with no CMD; empty: none.")
    private @Nullable String entrypoint;

    @Option(names = "--network", paramLabel = "MODE", description = "default, host or none; default: default.")
    private String network = "default";

    @Option(names = "--add-host", paramLabel = "NAME:ADDRESS", description = "A line for /etc/hosts; may be repeated.")
    private List<String> hosts = new ArrayList<>();

    @Mixin
    private PlatformChoice platform = new PlatformChoice();

    @Mixin
    private KeptLayers layers = new KeptLayers();

    @Override
    public Integer call() throws IOException {
        CommandSpec command = Objects.requireNonNull(spec);
        ImageRun run = run(command);
        Path folder = Files.createDirectories(layers.folder());
        Path temporary = Files.createTempDirectory(folder, "run");
        try (Stopping _ = new Stopping(PATIENCE);
                Registry registry = new Registry(access.options());
                OpenImages images = new OpenImages(folder, registry)) {
            OpenImages.Opened opened = Names.opened(command, images, image, platform.of(command));
            BuildSettings settings =
                    new BuildSettings(folder, temporary, !"none".equals(System.getenv("STRATA_ISOLATION")), null, 1);
            PrintWriter out = command.commandLine().getOut();
            PrintWriter err = command.commandLine().getErr();
            Exit exit = run.in(opened, images, settings, out::println, err::println);
            out.flush();
            return code(exit, err);
        } catch (IOException | RuntimeException e) {
            Names.failed(command, e);
            return NOT_BEGUN;
        } finally {
            Removal.of(temporary);
        }
    }

    private static int code(Exit exit, PrintWriter err) {
        NotStarted notStarted = exit.notStarted();
        if (notStarted != null) {
            err.println(notStarted.what() + (notStarted.mend() == null ? "" : ". " + notStarted.mend()));
            return NOT_BEGUN;
        }
        return exit.code();
    }

    private ImageRun run(CommandSpec command) {
        SequencedMap<String, String> environment = new LinkedHashMap<>();
        Names.variables(command, "--env", variables).forEach((name, value) -> {
            if (value != null) {
                environment.put(name, value);
            }
        });
        if (!List.of("default", "host", "none").contains(network)) {
            throw wrong("--network " + network + " is none of default, host and none");
        }
        return new ImageRun(
                words,
                entrypoint == null ? null : entrypoint.isEmpty() ? List.of() : List.of(entrypoint),
                environment,
                workingDirectory,
                user,
                volumes.stream().map(this::volume).toList(),
                network.equals("none"),
                hosts);
    }

    private MountPoint volume(String text) {
        String[] parts = text.split(":");
        boolean readOnly = parts.length == 3 && parts[2].equals("ro");
        if (parts.length < 2 || parts.length > 3 || (parts.length == 3 && !readOnly) || !parts[1].startsWith("/")) {
            throw wrong("--volume " + text + " must be SOURCE:TARGET or SOURCE:TARGET:ro, the target absolute");
        }
        Path source = Path.of(parts[0]).toAbsolutePath().normalize();
        if (!Files.exists(source)) {
            throw wrong("--volume " + text + ": there is no " + source);
        }
        return new MountPoint.Bind(source, parts[1], readOnly);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }
}
