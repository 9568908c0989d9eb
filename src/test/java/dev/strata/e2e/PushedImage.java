package dev.strata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.Json;
import dev.strata.image.Manifest;
import dev.strata.image.Reference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** An image as the registry serves it, read by plain requests and not by the code under test. */
record PushedImage(Reference name, Digest digest, Manifest manifest, ImageConfig config) {

    /** @param name with a tag or a digest, in a registry without TLS */
    static PushedImage of(String name) {
        Reference reference = Reference.parse(name);
        Digest digest = reference.digest();
        byte[] bytes = get(reference, "manifests/" + (digest == null ? reference.tagOrLatest() : digest));
        try {
            Manifest manifest = Json.read(bytes, Manifest.class);
            byte[] config = get(reference, "blobs/" + manifest.config().digest());
            return new PushedImage(reference, Digest.sha256(bytes), manifest, Json.read(config, ImageConfig.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asserts that every blob is there, as long as its descriptor says, and hashes to its name. */
    void assertWhole() {
        for (Descriptor blob : Stream.concat(Stream.of(manifest.config()), manifest.layers().stream())
                .toList()) {
            byte[] bytes = blob(blob.digest());
            assertThat(Digest.sha256(bytes)).isEqualTo(blob.digest());
            assertThat((long) bytes.length).isEqualTo(blob.size());
        }
    }

    List<String> layerDigests() {
        return manifest.layers().stream()
                .map(layer -> layer.digest().toString())
                .toList();
    }

    /** The bytes of a blob as they are in the registry. */
    byte[] blob(Digest digest) {
        return get(name, "blobs/" + digest);
    }

    private static byte[] get(Reference repository, String what) {
        URI uri = URI.create("http://" + repository.domain() + "/v2/" + repository.path() + "/" + what);
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Accept", "application/vnd.oci.image.manifest.v1+json")
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            var response = client.send(request, BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).as(uri.toString()).isEqualTo(200);
            return Objects.requireNonNull(response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
