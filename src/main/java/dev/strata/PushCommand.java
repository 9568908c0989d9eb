package dev.strata;

import dev.strata.image.Descriptor;
import dev.strata.image.Layout;
import dev.strata.image.Reference;
import dev.strata.registry.Pushed;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata push}: brings an image of an OCI layout into a registry. */
@Command(
        name = "push",
        mixinStandardHelpOptions = true,
        description = "Brings an image of an OCI layout folder into a registry.")
final class PushCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(paramLabel = "IMAGE", description = "Name to push to.")
    private @Nullable String image;

    @Option(names = "--layout", paramLabel = "FOLDER", description = "Where from; default: ~/.cache/strata/images.")
    private @Nullable Path layout;

    @Option(
            names = "--from",
            paramLabel = "NAME",
            description = "The image's name in the layout; default: IMAGE, or the only one that there is.")
    private @Nullable String from;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Reference name = Names.reference(command, Objects.requireNonNull(image));
        try (Registry registry = new Registry(access.options())) {
            Layout folder = new Layout(Names.layout(layout));
            Descriptor found = choose(command, folder, name);
            PrintWriter out = command.commandLine().getOut();
            registry.pushImage(name, found, folder.blobs()).forEach((blob, way) -> out.println(line(blob, way)));
            out.println(name + " " + found.digest());
            return Main.OK;
        } catch (RegistryException e) {
            return Names.failed(command, e);
        } catch (IOException e) {
            return Names.failed(command, e);
        }
    }

    private Descriptor choose(CommandSpec command, Layout folder, Reference name) throws IOException {
        List<Descriptor> all = folder.images();
        Optional<Descriptor> named = from == null ? folder.find(name.toString()) : find(folder, from);
        return named.or(() -> from == null && all.size() == 1 ? Optional.of(all.getFirst()) : Optional.empty())
                .orElseThrow(() -> new ParameterException(
                        command.commandLine(),
                        Names.layout(layout) + " holds no image named " + (from == null ? name : from) + "; it holds "
                                + (all.isEmpty() ? "none" : String.join(", ", names(all)))));
    }

    /** By the name as typed, or as it is when normalised. */
    private static Optional<Descriptor> find(Layout folder, String name) throws IOException {
        Optional<Descriptor> asTyped = folder.find(name);
        if (asTyped.isPresent()) {
            return asTyped;
        }
        try {
            return folder.find(Reference.parse(name).toString());
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // a layout's names need not be references
        }
    }

    private static List<String> names(List<Descriptor> all) {
        return all.stream()
                .map(found -> found.annotations()
                        .getOrDefault(Layout.NAME, found.digest().toString()))
                .toList();
    }

    private static String line(Descriptor blob, Pushed way) {
        String word = switch (way) {
            case EXISTS -> "was there";
            case MOUNTED -> "mounted";
            case SENT -> "sent";
        };
        return String.format(
                Locale.ROOT,
                "%-9s %9s  %s",
                word,
                LayerStack.size(blob.size()),
                blob.digest().hex().substring(0, 12));
    }
}
