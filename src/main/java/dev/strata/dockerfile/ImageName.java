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

    private ImageName() {}

    static boolean isValid(String text) {
        return text.length() <= LONGEST
                && NAME.matcher(text).matches()
                && !HASH.matcher(text).matches();
    }
}
