package dev.strata.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The kinds of documents that images are made of, and what the specification demands of each.
 *
 * <p>Source: OCI image specification 1.1: descriptor.md, manifest.md, image-index.md, config.md, image-layout.md, and its
 * JSON schemas. What is read from elsewhere is held to less in three points, since such images are in use: members may be
 * null, a manifest may have no layer, and a variable no value.
 */
public enum OciDocument {
    DESCRIPTOR,
    MANIFEST,
    INDEX,
    CONFIG,
    LAYOUT;

    /** RFC 6838, section 4.2. */
    private static final Pattern MEDIA_TYPE =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}");

    /** The algorithms that the specification knows have a form of their own. */
    private static final Pattern DIGEST = Pattern.compile("sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}"
            + "|(?!sha(256|512):)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+");

    private static final Pattern VARIABLE = Pattern.compile("(?s)[^=]+=.*");
    private static final String LAYOUT_VERSION = "1.0.0";

    /** What is wrong by the letter of the specification, each with its place; empty where nothing is. */
    public List<String> faults(byte[] json) {
        JsonNode document;
        try {
            document = Json.MAPPER.readTree(json);
        } catch (IOException e) {
            return List.of("it is no JSON: " + e.getMessage());
        }
        return new Check(true).of(this, document);
    }

    private <T> T read(byte[] json, Class<T> type) throws IOException {
        JsonNode document = Json.MAPPER.readTree(json);
        withoutNulls(document);
        List<String> faults = new Check(false).of(this, document);
        if (!faults.isEmpty()) {
            throw new IOException(String.join("; ", faults.subList(0, Math.min(3, faults.size()))));
        }
        return Json.read(json, type);
    }

    /**
     * Reads what a registry lists as one image or artifact. Null counts as absent, since Go's programs write it for empty
     * lists.
     *
     * @throws IOException that says what is wrong and where, in whatever is not as the specification has it
     */
    public static Manifest manifest(byte[] json) throws IOException {
        return MANIFEST.read(json, Manifest.class);
    }

    /** As {@link #manifest}, of several manifests under one name. */
    public static Index index(byte[] json) throws IOException {
        return INDEX.read(json, Index.class);
    }

    /** As {@link #manifest}, of an image's configuration. */
    public static ImageConfig config(byte[] json) throws IOException {
        return CONFIG.read(json, ImageConfig.class);
    }

    /** A way to read one kind of document, such as {@link #manifest}. */
    public interface Form<T> {
        T read(byte[] json) throws IOException;
    }

    private static void withoutNulls(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.properties().removeIf(member -> member.getValue().isNull());
        }
        node.forEach(OciDocument::withoutNulls);
    }

    /** Goes through one document. */
    private static final class Check {
        private final boolean strict;
        private final List<String> faults = new ArrayList<>();

        Check(boolean strict) {
            this.strict = strict;
        }

        List<String> of(OciDocument kind, JsonNode document) {
            if (!document.isObject()) {
                faults.add("it is no JSON object");
                return faults;
            }
            switch (kind) {
                case DESCRIPTOR -> descriptor(document, "");
                case MANIFEST -> manifest(document);
                case INDEX -> index(document);
                case CONFIG -> config(document);
                case LAYOUT -> {
                    required(document, "", "imageLayoutVersion");
                    oneOf(document, "imageLayoutVersion", LAYOUT_VERSION);
                }
            }
            return faults;
        }

        private void descriptor(JsonNode node, String at) {
            required(node, at, "mediaType", "size", "digest");
            matching(node, at, "mediaType", MEDIA_TYPE);
            matching(node, at, "artifactType", MEDIA_TYPE);
            matching(node, at, "digest", DIGEST);
            JsonNode size = node.path("size");
            fault(
                    !size.isMissingNode()
                            && !(size.isIntegralNumber() && size.canConvertToLong() && size.asLong() >= 0),
                    at + "size must be a whole number of bytes, not " + size);
            list(node, at, "urls");
            node.path("urls")
                    .forEach(url -> fault(url.isTextual() && !isUri(url.asText()), at + "urls: " + url + " is no URL"));
            texts(node, at, "data");
            map(node, at, "annotations", true);
        }

        private static boolean isUri(String text) {
            try {
                return new URI(text).isAbsolute();
            } catch (URISyntaxException e) {
                return false;
            }
        }

        private void head(JsonNode document) {
            JsonNode version = document.path("schemaVersion");
            fault(
                    !version.isMissingNode() && !(version.isIntegralNumber() && version.asLong() == 2),
                    "schemaVersion must be 2, not " + version);
            matching(document, "", "mediaType", MEDIA_TYPE);
            matching(document, "", "artifactType", MEDIA_TYPE);
            map(document, "", "annotations", true);
            object(document, "", "subject", this::descriptor);
        }

        private void manifest(JsonNode document) {
            required(document, "", "schemaVersion", "config", "layers");
            head(document);
            object(document, "", "config", this::descriptor);
            objects(document, "layers", this::descriptor);
            fault(strict && document.path("layers").isEmpty(), "layers must not be empty");
        }

        private void index(JsonNode document) {
            required(document, "", "schemaVersion", "manifests");
            head(document);
            objects(document, "manifests", (node, at) -> {
                descriptor(node, at);
                object(node, at, "platform", this::platform);
            });
        }

        private void platform(JsonNode node, String at) {
            required(node, at, "architecture", "os");
            texts(node, at, "architecture", "os", "os.version", "variant");
            list(node, at, "os.features");
        }

        private void config(JsonNode document) {
            required(document, "", "rootfs");
            platform(document, "");
            texts(document, "", "author");
            time(document, "", "created");
            object(document, "", "config", this::execution);
            object(document, "", "rootfs", (rootfs, at) -> {
                required(rootfs, at, "diff_ids", "type");
                oneOf(rootfs, "type", "layers");
                list(rootfs, at, "diff_ids");
            });
            objects(document, "history", (line, at) -> {
                texts(line, at, "author", "created_by", "comment");
                time(line, at, "created");
                truth(line, at, "empty_layer");
            });
        }

        private void execution(JsonNode node, String at) {
            texts(node, at, "User", "WorkingDir", "StopSignal");
            truth(node, at, "ArgsEscaped");
            list(node, at, "Env");
            node.path("Env")
                    .forEach(variable -> fault(
                            strict
                                    && variable.isTextual()
                                    && !VARIABLE.matcher(variable.asText()).matches(),
                            at + "Env must be a list of NAME=VALUE, not of " + variable));
            map(node, at, "ExposedPorts", false);
            for (String name : List.of("Entrypoint", "Cmd")) {
                if (!node.path(name).isNull()) {
                    list(node, at, name);
                }
            }
            if (!node.path("Volumes").isNull()) {
                map(node, at, "Volumes", false);
            }
            if (!node.path("Labels").isNull()) {
                map(node, at, "Labels", true);
            }
        }

        private void fault(boolean isWrong, String what) {
            if (isWrong) {
                faults.add(what);
            }
        }

        private void required(JsonNode node, String at, String... names) {
            for (String name : names) {
                fault(!node.has(name), at + name + " is missing");
            }
        }

        private void texts(JsonNode node, String at, String... names) {
            for (String name : names) {
                JsonNode value = node.path(name);
                fault(!value.isMissingNode() && !value.isTextual(), at + name + " must be a text, not " + value);
            }
        }

        private void matching(JsonNode node, String at, String name, Pattern pattern) {
            JsonNode value = node.path(name);
            boolean isRight =
                    value.isTextual() && pattern.matcher(value.asText()).matches();
            fault(!value.isMissingNode() && !isRight, at + name + " cannot be " + value);
        }

        private void oneOf(JsonNode node, String name, String only) {
            JsonNode value = node.path(name);
            fault(!value.isMissingNode() && !only.equals(value.textValue()), name + " must be \"" + only + "\"");
        }

        private void truth(JsonNode node, String at, String name) {
            JsonNode value = node.path(name);
            fault(!value.isMissingNode() && !value.isBoolean(), at + name + " must be true or false, not " + value);
        }

        private void time(JsonNode node, String at, String name) {
            texts(node, at, name);
            JsonNode value = node.path(name);
            if (value.isTextual()) {
                try {
                    OffsetDateTime.parse(value.asText());
                } catch (DateTimeParseException e) {
                    faults.add(at + name + " must be a time as RFC 3339 has it, not " + value);
                }
            }
        }

        private void list(JsonNode node, String at, String name) {
            JsonNode value = node.path(name);
            fault(!value.isMissingNode() && !value.isArray(), at + name + " must be a list of texts, not " + value);
            if (value.isArray()) {
                value.forEach(item -> fault(!item.isTextual(), at + name + " must be a list of texts, not of " + item));
            }
        }

        private void map(JsonNode node, String at, String name, boolean ofTexts) {
            JsonNode value = node.path(name);
            String wanted = at + name + " must be an object of " + (ofTexts ? "texts" : "objects");
            fault(!value.isMissingNode() && !value.isObject(), wanted + ", not " + value);
            for (Map.Entry<String, JsonNode> member : value.properties()) {
                JsonNode inside = member.getValue();
                fault(ofTexts ? !inside.isTextual() : !inside.isObject(), wanted + ", not of " + inside);
            }
        }

        private interface Part {
            void check(JsonNode node, String at);
        }

        private void object(JsonNode node, String at, String name, Part part) {
            JsonNode value = node.path(name);
            fault(!value.isMissingNode() && !value.isObject(), at + name + " must be an object, not " + value);
            if (value.isObject()) {
                part.check(value, at + name + ".");
            }
        }

        private void objects(JsonNode node, String name, Part part) {
            JsonNode value = node.path(name);
            fault(!value.isMissingNode() && !value.isArray(), name + " must be a list, not " + value);
            for (int i = 0; value.isArray() && i < value.size(); i++) {
                String at = name + "[" + i + "]";
                if (value.get(i).isObject()) {
                    part.check(value.get(i), at + ".");
                } else {
                    faults.add(at + " must be an object, not " + value.get(i));
                }
            }
        }
    }
}
