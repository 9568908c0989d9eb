package dev.strata;

import dev.strata.image.Digest;
import dev.strata.image.Layer;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import dev.strata.registry.RemoteImage;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata layers}: shows what an image in a registry is made of, without pulling a layer. */
@Command(
        name = "layers",
        mixinStandardHelpOptions = true,
        description = "Shows the layers of an image as a stack, bottom first.",
        footer = {
            "",
            "Layers of the base are marked where the image names its base (annotation org.opencontainers.image.base.digest)"
                    + " or --base does."
        })
final class LayersCommand implements Callable<Integer> {
    private static final String BASE_NAME = "org.opencontainers.image.base.name";
    private static final String BASE_DIGEST = "org.opencontainers.image.base.digest";
    private static final int USUAL_WIDTH = 120;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(paramLabel = "IMAGE", description = "Name of an image, with a tag or a digest.")
    private @Nullable String image;

    @Mixin
    private PlatformChoice platform = new PlatformChoice();

    @Option(names = "--base", paramLabel = "IMAGE", description = "Mark the layers of this image as the base.")
    private @Nullable String base;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Reference name = Names.reference(command, Objects.requireNonNull(image));
        Platform wanted = platform.of(command);
        Optional<Reference> baseName = Optional.ofNullable(base).map(text -> Names.reference(command, text));
        PrintWriter out = command.commandLine().getOut();
        try (Registry registry = new Registry(access.options())) {
            RemoteImage found = registry.image(name, wanted);
            int below = baseName.or(() -> base(found))
                    .map(of -> common(found, base(registry, of, wanted, command)))
                    .orElse(0);
            print(out, name, found, below);
            return Main.OK;
        } catch (RegistryException e) {
            return Names.failed(command, e);
        }
    }

    private static Optional<Reference> base(RemoteImage found) {
        Map<String, String> annotations = found.manifest().annotations();
        String name = annotations.get(BASE_NAME);
        String digest = annotations.get(BASE_DIGEST);
        if (name == null) {
            return Optional.empty();
        }
        try {
            Reference reference = Reference.parse(name);
            return Optional.of(digest == null ? reference : reference.withDigest(Digest.parse(digest)));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // an annotation may say anything
        }
    }

    private static List<Layer> base(Registry registry, Reference name, Platform platform, CommandSpec command) {
        try {
            return registry.image(name, platform).image().layers();
        } catch (RegistryException e) {
            command.commandLine().getErr().println("The base cannot be marked: " + e.getMessage());
            return List.of();
        }
    }

    private static int common(RemoteImage found, List<Layer> base) {
        List<Layer> own = found.image().layers();
        int same = 0;
        while (same < Math.min(own.size(), base.size())
                && own.get(same).diffId().equals(base.get(same).diffId())) {
            same++;
        }
        return same;
    }

    private static void print(PrintWriter out, Reference name, RemoteImage found, int base) {
        LayerStack stack = LayerStack.of(found.image().layers(), found.config().history(), base);
        out.println(name + "  " + found.config().platform());
        out.println(found.descriptor().digest());
        out.println(stack.rows().size() + " layers, " + LayerStack.size(stack.size()));
        List<String> lines = stack.lines(width());
        for (int i = 0; i < lines.size(); i++) {
            boolean dim = stack.rows().get(i).base() && Ansi.AUTO.enabled();
            out.println(dim ? "\033[2m" + lines.get(i) + "\033[0m" : lines.get(i));
        }
        out.flush();
    }

    private static int width() {
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9]\\d{1,3}") ? Integer.parseInt(columns) : USUAL_WIDTH;
    }
}
