package dev.strata.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A folder of images with their names, which other tools can read. Source: OCI image specification 1.1,
 * image-layout.md.
 */
public final class Layout {
    /** The annotation that holds an image's name in {@code index.json}. */
    public static final String NAME = "org.opencontainers.image.ref.name";

    private static final String MARK = "{\"imageLayoutVersion\":\"1.0.0\"}";

    private final Path folder;
    private final Blobs blobs;

    /** Opens a layout, or makes one in a folder that is not there or empty. */
    public Layout(Path folder) throws IOException {
        this.folder = folder;
        Path mark = folder.resolve("oci-layout");
        if (!Files.exists(mark)) {
            Files.createDirectories(folder);
            try (var entries = Files.list(folder)) {
                if (entries.findAny().isPresent()) {
                    throw new IOException(folder + " is neither empty nor an OCI image layout (it has no oci-layout)");
                }
            }
            Files.writeString(mark, MARK);
            write(List.of());
        }
        this.blobs = new Blobs(folder);
    }

    public Blobs blobs() {
        return blobs;
    }

    /** All images, in the order in which they were added. */
    public List<Descriptor> images() throws IOException {
        Path index = folder.resolve("index.json");
        try {
            return OciDocument.index(Files.readAllBytes(index)).manifests();
        } catch (java.nio.file.FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(index + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The image of a name. */
    public Optional<Descriptor> find(String name) throws IOException {
        return images().stream()
                .filter(image -> name.equals(image.annotations().get(NAME)))
                .findFirst();
    }

    /** Gives a name to an image whose blobs are here; another image loses it. */
    public void put(String name, Descriptor image) throws IOException {
        SortedMap<String, String> annotations = new TreeMap<>(image.annotations());
        annotations.put(NAME, name);
        List<Descriptor> all = new ArrayList<>(images());
        all.removeIf(other -> name.equals(other.annotations().get(NAME)));
        all.add(image.withAnnotations(annotations));
        write(all);
    }

    private void write(List<Descriptor> images) throws IOException {
        Path next = Files.createTempFile(folder, "index", ".json");
        byte[] json = Json.bytes(Index.of(images, Collections.emptySortedMap()));
        Files.writeString(next, new String(json, StandardCharsets.UTF_8));
        Files.move(
                next,
                folder.resolve("index.json"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
