package dev.strata.layer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import dev.strata.image.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
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
        List<JsonNode> cases = Corpora.cases("tarsec").stream()
                .filter(one -> !one.has("serve")) // Those are of fetching, not of unpacking.
                .toList();
        Corpora.score("tarsec", cases, this::difference);
    }

    private @Nullable String difference(JsonNode one) {
        try {
            Path beside = Files.createDirectory(folder.resolve("case" + number++));
            UnpackedCase unpacked = new UnpackedCase(beside, one);
            unpacked.prepare();
            LayerException refusal = null;
            try {
                for (JsonNode layer : one.path("layers")) {
                    apply(tar(layer, beside), unpacked.root());
                }
            } catch (LayerException e) {
                refusal = e;
            }
            return unpacked.difference(refusal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void apply(byte[] tar, Path root) throws IOException {
        MessageDigest hash = Digest.sha256();
        Unpack.apply(new DigestInputStream(new ByteArrayInputStream(tar), hash), root, Unpack.Whiteouts.APPLY);
        if (!MessageDigest.isEqual(hash.digest(), Digest.sha256().digest(tar))) {
            throw new AssertionError("the stream was not read to its end");
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
