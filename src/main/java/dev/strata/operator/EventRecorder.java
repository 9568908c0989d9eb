package dev.strata.operator;

import dev.strata.api.Condition;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Attempt;
import dev.strata.api.Reason;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells people in {@code kubectl describe} what happened: one event whenever the reason of {@code Ready} changes, with
 * the same reason and message, and one that sums up the warnings of a build that is over.
 */
final class EventRecorder {
    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    /** What the API server takes for a message. */
    private static final int MESSAGE = 1_000;

    private final KubernetesClient client;
    private final Clock clock;

    EventRecorder(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    void record(ImageBuild build, List<Condition> before, List<Condition> after) {
        if (isNews(before, after)) {
            ready(after).ifPresent(now -> write(build, now));
        }
    }

    /** Whether the reason of {@code Ready} is another one than before. */
    static boolean isNews(List<Condition> before, List<Condition> after) {
        return !ready(after).map(Condition::reason).equals(ready(before).map(Condition::reason));
    }

    private static Optional<Condition> ready(List<Condition> conditions) {
        return conditions.stream()
                .filter(condition -> condition.type() == Condition.Type.READY)
                .findFirst();
    }

    /** The warnings of a build that ends here: an attempt has ended since the status before, and no other follows. */
    static List<String> warnings(ImageBuildStatus before, Decision decision, ImageBuildStatus after) {
        boolean last = decision instanceof Decision.Succeed || decision instanceof Decision.Stall;
        boolean justEnded = after.attempts().stream()
                .anyMatch(attempt -> attempt.state() != Attempt.State.RUNNING
                        && !before.attempts().contains(attempt));
        return last && justEnded
                ? after.platforms().stream()
                        .flatMap(platform -> platform.warnings().stream())
                        .distinct()
                        .toList()
                : List.of();
    }

    /** One event for all warnings of a build that is over, however many attempts it took. */
    void warned(ImageBuild build, List<String> warnings) {
        if (!warnings.isEmpty()) {
            String message = warnings.size() == 1
                    ? warnings.getFirst()
                    : warnings.size() + " warnings: " + String.join("; ", warnings);
            about(build, "Warning", Reason.BUILD_WARNINGS, message);
        }
    }

    /** Tags that stood for another image stand for the build's own again. */
    void restored(ImageBuild build, List<String> tags, String image) {
        about(
                build,
                "Normal",
                Reason.TAG_RESTORED,
                "the tags " + String.join(", ", tags) + " stood for another image; they stand for " + image + " again");
    }

    private void write(ImageBuild build, Condition ready) {
        String type =
                ready.status() == Condition.Status.FALSE && ready.reason() != Reason.SUSPENDED ? "Warning" : "Normal";
        about(build, type, ready.reason(), ready.message());
    }

    /** Tells of anything. */
    void about(HasMetadata subject, String type, Reason reason, String message) {
        String now = Attempts.text(clock.instant());
        try {
            client.v1()
                    .events()
                    .inNamespace(subject.getMetadata().getNamespace())
                    .resource(new EventBuilder()
                            .withNewMetadata()
                            .withGenerateName(Text.cut(subject.getMetadata().getName(), 200) + ".")
                            .withNamespace(subject.getMetadata().getNamespace())
                            .endMetadata()
                            .withNewInvolvedObject()
                            .withApiVersion(subject.getApiVersion())
                            .withKind(subject.getKind())
                            .withNamespace(subject.getMetadata().getNamespace())
                            .withName(subject.getMetadata().getName())
                            .withUid(subject.getMetadata().getUid())
                            .withResourceVersion(subject.getMetadata().getResourceVersion())
                            .endInvolvedObject()
                            .withType(type)
                            .withReason(reason.word())
                            .withMessage(Text.cut(message, MESSAGE))
                            .withFirstTimestamp(now)
                            .withLastTimestamp(now)
                            .withCount(1)
                            .withNewSource()
                            .withComponent("strata")
                            .endSource()
                            .build())
                    .create();
        } catch (KubernetesClientException e) {
            // An event is a courtesy; the condition says the same. A namespace that is going away takes none.
            LOG.debug(
                    "the event {} of {} was not taken: {}",
                    reason.word(),
                    subject.getMetadata().getNamespace() + "/"
                            + subject.getMetadata().getName(),
                    e.toString());
        }
    }
}
