package dev.strata.dockerfile;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Collects the options of one {@code --mount}. Order matters: an option is judged by the type that stands before it. */
final class RunMountReader {
    private static final List<String> KEYS = List.of(
            "type",
            "from",
            "source",
            "src",
            "target",
            "dst",
            "destination",
            "readonly",
            "ro",
            "readwrite",
            "rw",
            "id",
            "sharing",
            "required",
            "size",
            "mode",
            "uid",
            "gid",
            "env");
    private static final Pattern SIZE =
            Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([kmgtp]?)(?:i?b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgtp";

    private final UnaryOperator<String> expand;
    private String type = "bind";
    private @Nullable String from;
    private @Nullable String source;
    private @Nullable String target;
    private @Nullable String id;
    private @Nullable String environment;
    private @Nullable Boolean readOnly;
    private RunMount.@Nullable Sharing sharing;
    private boolean required;
    private @Nullable Long size;
    private @Nullable Integer mode;
    private @Nullable Long uid;
    private @Nullable Long gid;

    RunMountReader(UnaryOperator<String> expand) {
        this.expand = expand;
    }

    RunMount read(String value) {
        for (String field : CommaFields.split(value)) {
            int equals = field.indexOf('=');
            String key = (equals < 0 ? field : field.substring(0, equals)).toLowerCase(Locale.ROOT);
            if (equals < 0) {
                bare(key, field);
            } else {
                option(key, expand.apply(field.substring(equals + 1)), field);
            }
        }
        return mount();
    }

    private void bare(String key, String field) {
        switch (key) {
            case "readonly", "ro" -> readOnly = true;
            case "readwrite", "rw" -> readOnly = false;
            case "required" -> {
                onlyFor(key, "secret", "ssh");
                required = true;
            }
            default -> throw CommaFields.unknown(key, field, KEYS);
        }
    }

    private void option(String key, String value, String field) {
        switch (key) {
            case "type" -> type = type(value);
            case "from" -> from = value.isEmpty() ? null : value;
            case "source", "src" -> source = value;
            case "target", "dst", "destination" -> target = value;
            case "readonly", "ro" -> readOnly = CommaFields.truth(key, value);
            case "readwrite", "rw" -> readOnly = !CommaFields.truth(key, value);
            case "required" -> {
                onlyFor(key, "secret", "ssh");
                required = CommaFields.truth(key, value);
            }
            case "size" -> {
                onlyFor(key, "tmpfs");
                size = size(value);
            }
            case "id" -> id = value;
            case "sharing" -> sharing = sharing(value);
            case "mode" -> mode = (int) number(key, value, 8);
            case "uid" -> uid = number(key, value, 10);
            case "gid" -> gid = number(key, value, 10);
            case "env" -> {
                onlyFor(key, "secret");
                environment = value;
            }
            default -> throw CommaFields.unknown(key, field, KEYS);
        }
    }

    private void onlyFor(String key, String... types) {
        if (!List.of(types).contains(type)) {
            throw new IllegalArgumentException("the option " + key + " belongs to type="
                    + String.join(" and type=", types) + ", not to type=" + type);
        }
    }

    private static String type(String value) {
        String lower = value.toLowerCase(Locale.ROOT);
        if (!RunMount.TYPES.contains(lower)) {
            String closest = Suggestion.closest(value, RunMount.TYPES);
            throw new IllegalArgumentException("unknown mount type \"" + value + "\""
                    + (closest == null
                            ? "; known are " + String.join(", ", RunMount.TYPES)
                            : " (did you mean " + closest + "?)"));
        }
        return lower;
    }

    private static RunMount.Sharing sharing(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "shared" -> RunMount.Sharing.SHARED;
            case "private" -> RunMount.Sharing.PRIVATE;
            case "locked" -> RunMount.Sharing.LOCKED;
            default ->
                throw new IllegalArgumentException("sharing must be shared, private or locked, not \"" + value + "\"");
        };
    }

    private static long number(String key, String value, int radix) {
        try {
            long number = Long.parseUnsignedLong(value, radix);
            if (value.startsWith("+") || number < 0 || number > 0xffff_ffffL) {
                throw new NumberFormatException(value);
            }
            return number;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    key + " must be " + (radix == 8 ? "an octal number" : "a number") + ", not \"" + value + "\"", e);
        }
    }

    /** Bytes, with k, m, g, t or p for powers of 1024. */
    private static long size(String value) {
        Matcher matcher = SIZE.matcher(value);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("size must look like 64m or 1g, not \"" + value + "\"");
        }
        int power =
                matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2).toLowerCase(Locale.ROOT)) + 1;
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1L << (10 * power)));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("size \"" + value + "\" is too large");
        }
        return bytes.longValue();
    }

    private RunMount mount() {
        if (sharing != null && !type.equals("cache")) {
            throw new IllegalArgumentException("the option sharing belongs to type=cache, not to type=" + type);
        }
        if ((type.equals("bind") || type.equals("tmpfs")) && (mode != null || uid != null || gid != null)) {
            throw new IllegalArgumentException("the options mode, uid and gid do not belong to type=" + type);
        }
        return switch (type) {
            case "cache" -> cache();
            case "secret" -> secret();
            case "ssh" -> new RunMount.Ssh(id == null ? source : id, target, required, mode, uid, gid);
            case "tmpfs" -> new RunMount.Tmpfs(target, size);
            default -> new RunMount.Bind(from, source, target, readOnly == null || readOnly);
        };
    }

    private RunMount cache() {
        RunMount.Sharing how = sharing == null ? RunMount.Sharing.SHARED : sharing;
        return new RunMount.Cache(id, from, source, target, readOnly != null && readOnly, how, mode, uid, gid);
    }

    private RunMount secret() {
        if (from != null) {
            throw new IllegalArgumentException("a secret cannot have the option from");
        }
        if (source != null && id != null) {
            throw new IllegalArgumentException("a secret can have one of the options source and id, not both");
        }
        String name = id != null && !id.isEmpty() ? id : source;
        if (name == null && target != null) {
            name = target.substring(target.lastIndexOf('/') + 1);
        }
        if (name == null) {
            throw new IllegalArgumentException("a secret needs one of the options id, source and target");
        }
        return new RunMount.Secret(name, target, environment, required, mode, uid, gid);
    }
}
