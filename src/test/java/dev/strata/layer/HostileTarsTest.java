package dev.strata.layer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hostile and odd layers from the tests of other tools, unpacked over what lay there before. */
@Tag("corpora")
@Tag("root")
class HostileTarsTest {
    @TempDir
    Path folder;

    private int number;

    @Test
    void nothingOutsideTheRootIsTouchedAndTheRestIsAsOtherToolsUnpackIt() {
        Corpora.score("tarsec", Corpora.cases("tarsec"), this::difference);
    }

    private @Nullable String difference(JsonNode one) {
        try {
            Path beside = Files.createDirectory(folder.resolve("case" + number++));
            UnpackedCase unpacked = new UnpackedCase(beside, one);
            unpacked.prepare();
            LayerException refusal = null;
            try {
                for (JsonNode layer : one.path("layers")) {
                    apply(served(tar(layer, beside), one.path("serve")), unpacked.root());
                }
            } catch (Blobs.WrongContent e) {
                refusal = new LayerException("not the blob that was asked for", "", null, e);
            } catch (LayerException e) {
                refusal = e;
            }
            return unpacked.difference(refusal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The tar as it comes from the store of blobs, where some cases lie about its digests and size. */
    private InputStream served(byte[] tar, JsonNode how) throws IOException {
        Blobs blobs = new Blobs(folder.resolve("store" + number));
        Digest digest = Digest.sha256(tar);
        Digest other = Digest.sha256(new byte[0]);
        Digest told = how.path("wrong_digest").asBoolean() ? other : digest;
        try (Blobs.Ingest blob = blobs.begin(told)) {
            blob.write(tar);
            blob.commit(told);
        }
        long size = tar.length + how.path("descriptor_size_delta").asLong();
        Descriptor descriptor = new Descriptor(Compression.UNCOMPRESSED.mediaType(), told, size);
        return VerifiedTar.open(new Layer(descriptor, how.path("wrong_diff_id").asBoolean() ? other : digest), blobs);
    }

    private static void apply(InputStream layer, Path root) throws IOException {
        try (InputStream tar = layer) {
            Unpack.apply(tar, root, Unpack.Whiteouts.APPLY, Bounds.NONE);
        }
    }

    private static byte[] tar(JsonNode layer, Path beside) {
        RawTar tar = new RawTar();
        if (layer.size() == 1 && layer.get(0).has("generate")) {
            tar.directory("d");
            for (int i = 0; i < 200_000; i++) {
                tar.file(String.format("d/%06d", i), "");
            }
            return tar.ended();
        }
        byte[] finished = null;
        for (JsonNode entry : layer) {
            if (entry.has("truncate_bytes") || entry.has("omit_end_blocks") || entry.has("corrupt_header_checksum")) {
                finished = finished(tar, entry);
            } else {
                add(tar, entry, beside);
            }
        }
        return finished == null ? tar.ended() : finished;
    }

    private static byte[] finished(RawTar tar, JsonNode how) {
        if (how.has("omit_end_blocks")) {
            return tar.withoutEnd();
        }
        byte[] bytes = tar.ended();
        if (how.has("truncate_bytes")) {
            return Arrays.copyOf(bytes, how.path("truncate_bytes").asInt());
        }
        bytes[how.path("corrupt_header_checksum").asInt() * RawTar.BLOCK + 148] ^= 1;
        return bytes;
    }

    private static void add(RawTar tar, JsonNode entry, Path beside) {
        String type = entry.path("type").asText();
        Map<String, String> records = new LinkedHashMap<>();
        entry.path("pax")
                .properties()
                .forEach(record ->
                        records.put(record.getKey(), placed(record.getValue().asText(), beside)));
        entry.path("records")
                .properties()
                .forEach(record ->
                        records.put(record.getKey(), placed(record.getValue().asText(), beside)));
        if (type.equals("pax_global_header")) {
            tar.records('g', records);
            return;
        }
        if (!records.isEmpty()) {
            tar.records('x', records);
        }
        tar.named(text(entry, "name", beside))
                .linked(text(entry, "link", beside))
                .mode(Integer.parseInt(entry.path("mode").asText("0644"), 8))
                .owner(entry.path("uid").asLong(), entry.path("gid").asLong())
                .device(entry.path("major").asLong(), entry.path("minor").asLong());
        byte[] content = entry.path("content").asText().getBytes(StandardCharsets.UTF_8);
        if (type.equals("gnu_sparse")) {
            JsonNode part = entry.path("map").get(0);
            byte[] bytes = Arrays.copyOf(content, part.get(1).asInt());
            tar.oldSparse(
                    text(entry, "name", beside),
                    entry.path("real_size").asLong(),
                    part.get(0).asLong(),
                    bytes);
            return;
        }
        tar.entry(letter(type), content, entry.path("declared_size").asLong(content.length));
    }

    private static char letter(String type) {
        return switch (type) {
            case "file" -> '0';
            case "hardlink" -> '1';
            case "symlink" -> '2';
            case "char" -> '3';
            case "block" -> '4';
            case "dir" -> '5';
            case "fifo" -> '6';
            default -> throw new IllegalArgumentException("a type this test does not know: " + type);
        };
    }

    private static String text(JsonNode entry, String field, Path beside) {
        if (entry.has(field + "_base64")) {
            return Names.text(
                    Base64.getDecoder().decode(entry.path(field + "_base64").asText()));
        }
        return placed(entry.path(field).asText(), beside);
    }

    private static String placed(String text, Path beside) {
        return text.replace("$BESIDE", beside.toString()).replace("$ROOTNAME", "root");
    }
}
