package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.layer.Removal;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The images of one Dockerfile for several platforms: each is a build of its own, which leaves its image in a layout of
 * its own here; at the end an index joins them.
 */
public final class PlatformImages {
    private final Path folder;
    private final Plan.Output wanted;
    private final SequencedMap<Platform, Layout> images = new LinkedHashMap<>();

    /**
     * @param folder empty, for the images until they are joined
     * @param wanted where the whole goes
     * @throws IllegalArgumentException where an output cannot hold several platforms
     */
    public PlatformImages(Path folder, Plan.Output wanted) {
        this.folder = folder;
        this.wanted = wanted;
        for (Plan.Export export : wanted.exports()) {
            if (!export.type().equals("oci") && !export.type().equals("local")) {
                throw new IllegalArgumentException(
                        "an output of type " + export.type() + " holds one platform; oci and local hold several");
            }
        }
    }

    /** Where the build of one platform leaves its image. Files go to a folder a platform, as docker has it. */
    public Plan.Output output(Platform platform) throws IOException {
        String name = platform.toString().replace('/', '_');
        Path layout = folder.resolve(name);
        images.put(platform, new Layout(layout));
        List<Plan.Export> exports = new ArrayList<>();
        exports.add(new Plan.Export("oci", layout.toString()));
        for (Plan.Export export : wanted.exports()) {
            if (export.type().equals("local")) {
                Path place = Path.of(export.destination()).resolve(name);
                exports.add(new Plan.Export("local", place.toString()));
            }
        }
        return new Plan.Output(
                List.of(), exports, wanted.labels(), wanted.annotations(), wanted.compression(), wanted.level());
    }

    /** Joins the images, brings them where they are wanted, and answers the index. */
    public Descriptor join(Plan.Registries registries) throws IOException {
        Layout joined = new Layout(folder.resolve("joined"));
        List<Descriptor> manifests = new ArrayList<>();
        for (var entry : images.entrySet()) {
            Descriptor image = entry.getValue().images().getFirst();
            copy(image, entry.getValue().blobs(), joined.blobs());
            manifests.add(image.withAnnotations(Collections.emptySortedMap()).withPlatform(entry.getKey()));
        }
        Descriptor index = joined.blobs().put(MediaTypes.INDEX, Json.bytes(Index.of(manifests, wanted.annotations())));
        for (Plan.Export export : wanted.exports()) {
            if (export.type().equals("oci")) {
                export(joined.blobs(), manifests, index, Path.of(export.destination()));
            }
        }
        push(registries, index, joined.blobs());
        return index;
    }

    private void export(Blobs blobs, List<Descriptor> manifests, Descriptor index, Path destination)
            throws IOException {
        boolean archive = destination.toString().endsWith(".tar");
        Path place = archive ? folder.resolve("archive") : destination;
        Layout layout = new Layout(place);
        for (Descriptor manifest : manifests) {
            copy(manifest, blobs, layout.blobs());
        }
        Outputs.copy(index.digest(), blobs, layout.blobs());
        if (wanted.names().isEmpty()) {
            layout.put("latest", index);
        }
        for (Reference name : wanted.names()) {
            layout.put(name.toString(), index);
        }
        if (archive) {
            Outputs.pack(place, destination);
            Removal.of(place);
        }
    }

    private static void copy(Descriptor image, Blobs from, Blobs into) throws IOException {
        Manifest manifest = Json.read(Files.readAllBytes(from.path(image.digest())), Manifest.class);
        for (Descriptor layer : manifest.layers()) {
            Outputs.copy(layer.digest(), from, into);
        }
        Digest config = manifest.config() == null ? null : manifest.config().digest();
        if (config != null) {
            Outputs.copy(config, from, into);
        }
        Outputs.copy(image.digest(), from, into);
    }

    private void push(Plan.Registries registries, Descriptor index, Blobs blobs) throws IOException {
        if (wanted.names().isEmpty()) {
            return;
        }
        try (Registry registry = new Registry(Build.registryOptions(registries))) {
            for (Reference name : wanted.names()) {
                registry.pushImage(name.withTag(name.tagOrLatest()), index, blobs);
            }
        }
    }
}
