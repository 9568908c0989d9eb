package dev.strata.dockerfile;

/**
 * A text written in place, after {@code <<NAME}.
 *
 * @param name the word that ends it, without quotes; the name of the file that COPY and ADD make of it
 * @param expand false when the name was quoted: then variables in the text stay as they are
 * @param stripTabs written {@code <<-NAME}: tabs at the start of each line do not count
 * @param fileDescriptor the number before {@code <<}, which matters to the shell only; 0 where there is none
 * @param raw the text as written, each line with its line feed
 */
public record Heredoc(String name, boolean expand, boolean stripTabs, int fileDescriptor, String raw) {

    /** The text, without leading tabs where {@code <<-} was written. */
    public String text() {
        return stripTabs ? withoutLeadingTabs(raw) : raw;
    }

    private static String withoutLeadingTabs(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean atStart = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (atStart && c == '\t') {
                continue;
            }
            out.append(c);
            atStart = c == '\n';
        }
        return out.toString();
    }
}
