package dev.strata.builder;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.layer.Content;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Removal;
import dev.strata.layer.Tree;
import dev.strata.plan.Plan;
import dev.strata.registry.Registry;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Brings the finished image to where it is wanted: into registries, layouts, archives, folders. */
final class Outputs {
    private final LayerStore layers;
    private final Registry registry;

    Outputs(LayerStore layers, Registry registry) {
        this.layers = layers;
        this.registry = registry;
    }

    /** An image as its documents. */
    record Documents(Descriptor manifest, String manifestText, Descriptor config, Image image) {}

    /** Writes configuration and manifest into the store. */
    Documents documents(Image image, SortedMap<String, String> annotations) throws IOException {
        Descriptor config = layers.blobs().put(MediaTypes.CONFIG, Json.bytes(image.config()));
        List<Descriptor> blobs = image.layers().stream().map(Outputs::oci).toList();
        byte[] bytes = Json.bytes(Manifest.of(config, blobs, annotations));
        Descriptor manifest = layers.blobs().put(MediaTypes.MANIFEST, bytes);
        return new Documents(manifest, new String(bytes, StandardCharsets.UTF_8), config, image);
    }

    /** A layer of a base that was written in docker's terms is named in those of OCI; the bytes are the same. */
    private static Descriptor oci(Layer layer) {
        String type = switch (layer.blob().mediaType()) {
            case MediaTypes.DOCKER_LAYER_GZIP -> MediaTypes.LAYER_GZIP;
            case MediaTypes.DOCKER_LAYER_TAR -> MediaTypes.LAYER_TAR;
            default -> layer.blob().mediaType();
        };
        return new Descriptor(type, layer.blob().digest(), layer.blob().size());
    }

    /** Pushes to every name: blobs once a repository, the manifest last, so that a name never shows a half image. */
    void push(Documents documents, List<Reference> names) throws IOException {
        SequencedMap<String, List<Reference>> repositories = new LinkedHashMap<>();
        names.forEach(name -> repositories
                .computeIfAbsent(name.repository(), key -> new ArrayList<>())
                .add(name));
        for (List<Reference> tags : repositories.values()) {
            Reference repository = tags.getFirst();
            // A repository that has the manifest has all that it names.
            if (!registry.has(repository.withDigest(documents.manifest().digest()))) {
                pushContents(repository, documents);
            }
            for (Reference name : tags) {
                registry.pushManifest(
                        name.digest() == null ? name.withTag(name.tagOrLatest()) : name,
                        MediaTypes.MANIFEST,
                        documents.manifestText().getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    /** What the manifest names. */
    private void pushContents(Reference repository, Documents documents) throws IOException {
        List<Future<?>> pushing = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            pushing.add(threads.submit(() -> registry.push(repository, documents.config(), layers.blobs())));
            for (Layer layer : documents.image().layers()) {
                pushing.add(threads.submit(() -> {
                    pushLayer(repository, layer);
                    return null;
                }));
            }
            for (Future<?> future : pushing) {
                await(future, pushing);
            }
        }
    }

    private static void await(Future<?> future, List<Future<?>> others) throws IOException {
        try {
            future.get();
        } catch (ExecutionException e) {
            others.forEach(other -> other.cancel(true));
            switch (e.getCause()) {
                case null -> throw new IOException("a push broke off", e);
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                default -> throw new IOException("a push broke off", e.getCause());
            }
        } catch (InterruptedException e) {
            others.forEach(other -> other.cancel(true));
            Thread.currentThread().interrupt();
            throw new java.util.concurrent.CancellationException("the build was stopped");
        }
    }

    /** A layer of the base is fetched only where the registry neither has it nor can mount it. */
    private void pushLayer(Reference repository, Layer layer) throws IOException {
        try {
            layers.push(repository, layer.blob());
        } catch (FileNotFoundException e) {
            layers.fetch(layer);
            layers.push(repository, layer.blob());
        }
    }

    void export(Documents documents, Plan.Export export, List<Reference> names) throws IOException {
        Path destination = Path.of(export.destination());
        switch (export.type()) {
            case "oci" -> {
                if (export.destination().endsWith(".tar")) {
                    archive(documents, destination, names, false);
                } else {
                    layout(documents, destination, names);
                }
            }
            case "docker" -> archive(documents, destination, names, true);
            case "tar" -> {
                try (OutputStream out = Files.newOutputStream(destination)) {
                    Tree tree = layers.tree(documents.image().layers());
                    LayerWriter.writeTar(TreeFiles.all(tree), Content.of(tree), out);
                }
            }
            case "local" -> TreeFiles.copy(layers.tree(documents.image().layers()), destination);
            default ->
                throw new IllegalArgumentException(
                        "the output type \"" + export.type() + "\" is not known; oci, docker, tar and local are");
        }
    }

    private void layout(Documents documents, Path folder, List<Reference> names) throws IOException {
        Layout layout = new Layout(folder);
        for (Digest digest : blobs(documents)) {
            copy(digest, layers.blobs(), layout.blobs());
        }
        if (names.isEmpty()) {
            layout.put("latest", documents.manifest());
        }
        for (Reference name : names) {
            layout.put(name.toString(), documents.manifest());
        }
    }

    private List<Digest> blobs(Documents documents) throws IOException {
        List<Digest> all = new ArrayList<>();
        for (Layer layer : documents.image().layers()) {
            layers.fetch(layer);
            all.add(layer.blob().digest());
        }
        all.add(documents.config().digest());
        all.add(documents.manifest().digest());
        return all.stream().distinct().toList();
    }

    static void copy(Digest digest, Blobs store, Blobs into) throws IOException {
        if (into.find(digest).isPresent()) {
            return;
        }
        Path from = store.path(digest);
        try {
            Files.createLink(into.path(digest), from);
        } catch (IOException | UnsupportedOperationException e) {
            // Another file system: the bytes are copied, and checked on their way.
            try (Blobs.Ingest ingest = into.begin(digest)) {
                Files.copy(from, ingest);
                ingest.commit(digest);
            }
        }
    }

    private void archive(Documents documents, Path file, List<Reference> names, boolean docker) throws IOException {
        Path folder = Files.createTempDirectory(
                java.util.Objects.requireNonNull(file.toAbsolutePath().getParent()), ".strata");
        try {
            layout(documents, folder, names);
            if (docker) {
                Files.write(folder.resolve("manifest.json"), Json.bytes(List.of(dockerManifest(documents, names))));
            }
            pack(folder, file);
        } finally {
            Removal.of(folder);
        }
    }

    /** A layout as one file. */
    static void pack(Path layout, Path file) throws IOException {
        Removal.of(layout.resolve("incoming"));
        Tree tree = new dev.strata.layer.DiskTree(layout);
        try (OutputStream out = Files.newOutputStream(file)) {
            // The archive's own entries have no age, so that the same image is the same file.
            LayerWriter.writeTar(Clamped.all(TreeFiles.all(tree), Instant.EPOCH), Content.of(tree), out);
        }
    }

    private static Map<String, Object> dockerManifest(Documents documents, List<Reference> names) {
        Map<String, Object> manifest = new LinkedHashMap<>();
        manifest.put("Config", blobPath(documents.config().digest()));
        manifest.put(
                "RepoTags",
                names.stream()
                        .map(name -> name.withTag(name.tagOrLatest()).toString())
                        .toList());
        manifest.put(
                "Layers",
                documents.image().layers().stream()
                        .map(layer -> blobPath(layer.blob().digest()))
                        .toList());
        return manifest;
    }

    private static String blobPath(Digest digest) {
        return "blobs/" + digest.algorithm() + "/" + digest.hex();
    }
}
