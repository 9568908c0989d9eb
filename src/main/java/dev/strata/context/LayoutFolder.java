package dev.strata.context;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.OciDocument;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An OCI image layout on disk, only read. Source: OCI image specification, image-layout.md. */
final class LayoutFolder implements ImageFiles.Source {
    private static final String NAME = "org.opencontainers.image.ref.name";

    /** What a document may have; the specification asks for 4 MiB at least. */
    private static final long DOCUMENT_BYTES = 8 << 20;

    private final Path folder;

    LayoutFolder(Path folder) {
        this.folder = folder;
    }

    /** What a tag or digest means; the only entry where none is given. */
    Descriptor find(@Nullable String tagOrDigest) throws IOException {
        Path index = folder.resolve("index.json");
        if (!Files.isRegularFile(index)) {
            throw ContextException.user(
                    "it is no OCI image layout: index.json is missing", folder.toString(), "Name the layout's folder");
        }
        List<Descriptor> manifests = read(index).manifests();
        List<Descriptor> fitting = manifests.stream()
                .filter(each -> tagOrDigest == null
                        || tagOrDigest.equals(each.digest().toString())
                        || tagOrDigest.equals(each.annotations().get(NAME)))
                .toList();
        if (fitting.size() == 1 || (fitting.size() > 1 && tagOrDigest != null)) {
            return fitting.getFirst();
        }
        throw ContextException.user(
                fitting.isEmpty()
                        ? "the layout has no image" + (tagOrDigest == null ? "" : " \"" + tagOrDigest + "\"")
                        : "the layout has " + fitting.size() + " images, and none is named",
                folder.toString(),
                "It has " + manifests.stream().map(LayoutFolder::name).toList());
    }

    private static String name(Descriptor descriptor) {
        return descriptor.annotations().getOrDefault(NAME, descriptor.digest().toString());
    }

    private Index read(Path index) {
        try {
            return OciDocument.index(Files.readAllBytes(index));
        } catch (IOException e) {
            throw ContextException.user("index.json cannot be read: " + e.getMessage(), folder.toString(), null);
        }
    }

    @Override
    public byte[] document(Descriptor descriptor) throws IOException {
        Path blob = blob(descriptor);
        if (Files.size(blob) > DOCUMENT_BYTES) {
            throw damaged(descriptor.digest());
        }
        return Files.readAllBytes(blob);
    }

    @Override
    public Path blob(Descriptor descriptor) throws IOException {
        Digest digest = descriptor.digest();
        Path blob = folder.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
        if (!Files.isRegularFile(blob)) {
            throw ContextException.user("the layout lacks the blob " + digest, folder.toString(), "Write it anew");
        }
        MessageDigest hash = digest.verifier();
        try (InputStream in = new DigestInputStream(Files.newInputStream(blob), hash)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        if (!digest.matches(hash)) {
            throw damaged(digest);
        }
        return blob;
    }

    private ContextException damaged(Digest digest) {
        return ContextException.user(
                "the layout's blob " + digest + " does not hash to its name", folder.toString(), "Write it anew");
    }
}
