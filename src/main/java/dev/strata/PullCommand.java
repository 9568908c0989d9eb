package dev.strata;

import dev.strata.image.Descriptor;
import dev.strata.image.Layout;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata pull}: brings an image from a registry into an OCI layout. */
@Command(
        name = "pull",
        mixinStandardHelpOptions = true,
        description = "Brings an image from a registry into an OCI layout folder.")
final class PullCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(paramLabel = "IMAGE", description = "Name of an image, with a tag or a digest.")
    private @Nullable String image;

    @Option(
            names = "--platform",
            paramLabel = "OS/ARCH",
            description = "Which image of several, or \"all\"; default: that of this machine.")
    private @Nullable String platform;

    @Option(names = "--layout", paramLabel = "FOLDER", description = "Where to; default: ~/.cache/strata/images.")
    private @Nullable Path layout;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Reference name = Names.reference(command, Objects.requireNonNull(image));
        Platform wanted = "all".equals(platform) ? null : Names.platform(command, platform);
        try (Registry registry = new Registry(access.options())) {
            Layout folder = new Layout(Names.layout(layout));
            Descriptor pulled = registry.pullImage(name, wanted, folder.blobs());
            folder.put(name.toString(), pulled);
            command.commandLine().getOut().println(name + " " + pulled.digest());
            return Main.OK;
        } catch (RegistryException e) {
            return Names.failed(command, e);
        } catch (IOException e) {
            return Names.failed(command, e);
        }
    }
}
