package dev.strata.operator;

/** Shortening of what others wrote, because a resource must stay small. */
final class Text {
    private Text() {}

    /** At most {@code limit} characters, the last of them an ellipsis where something was cut. */
    static String cut(String text, int limit) {
        if (text.length() <= limit) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(limit - 2)) ? limit - 2 : limit - 1;
        return text.substring(0, end) + "…";
    }
}
