package dev.strata.dockerfile;

import java.util.regex.Pattern;

/** Whether a base can be the name of an image; its parts are nobody's business here. */
final class ImageName {
    private static final int LONGEST = 1024;
    private static final Pattern NAME =
            Pattern.compile("(?:(?:[a-zA-Z0-9]++(?:[.-][a-zA-Z0-9-]*+)*|\\[[a-fA-F0-9:]++])(?::[0-9]++)?/)?"
                    + "[a-z0-9]++(?:(?:[._]|__|-++)[a-z0-9]++)*+(?:/[a-z0-9]++(?:(?:[._]|__|-++)[a-z0-9]++)*+)*+"
                    + "(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?"
                    + "(?:@[A-Za-z][A-Za-z0-9]*+(?:[-_+.][A-Za-z][A-Za-z0-9]*+)*+:[0-9a-fA-F]{32,})?");
    private static final Pattern HASH = Pattern.compile("[a-f0-9]{64}");
    private static final Pattern DIGEST =
            Pattern.compile("sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}");

    private ImageName() {}

    static boolean isValid(String text) {
        int at = text.indexOf('@');
        return text.length() <= LONGEST
                && NAME.matcher(text).matches()
                && !HASH.matcher(text).matches()
                && (at < 0 || DIGEST.matcher(text.substring(at + 1)).matches());
    }
}
