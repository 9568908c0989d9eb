package dev.strata.operator;

import dev.strata.api.ImageBuildStatus.Attempt.Fault;
import dev.strata.api.Reason;
import dev.strata.image.Json;
import dev.strata.operator.BuilderPod.State;
import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import dev.strata.plan.Outcome;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the cluster says of a builder's pod, in our words. Pure: everything was read before. */
final class PodReading {
    /** How long a pod may still be there after its grace period, before its node is taken for lost. */
    static final Duration PATIENCE_WITH_NODES = Duration.ofSeconds(30);

    /** The condition that a pod has a node. */
    static final String SCHEDULED = "PodScheduled";
    /** The condition that a node has made a pod's sandbox and network, so that containers can be made. */
    static final String SANDBOX = "PodReadyToStartContainers";

    private static final int MESSAGE = 800;
    private static final int LAST_WORDS = 8;
    private static final Set<String> NODE_REASONS =
            Set.of("NodeLost", "NodeShutdown", "Shutdown", "Terminated", "Preempting", "NodeAffinity");

    private PodReading() {}

    /**
     * Reads one pod.
     *
     * @param told how the builder's log says that it ended; null where it does not
     * @param logRead whether the log was read to its end, so that nothing more will be told
     * @param trouble messages of warning events about the pod, newest first; only looked at while it waits
     */
    static BuilderPod read(Pod pod, @Nullable Outcome told, boolean logRead, List<Trouble> trouble, Instant now) {
        return new BuilderPod(
                pod.getMetadata().getName(),
                pod.getMetadata().getUid(),
                PodLabels.inputs(pod),
                PodLabels.settings(pod),
                PodLabels.platform(pod),
                PodLabels.attempt(pod),
                PodLabels.generation(pod),
                PodLabels.isolation(pod),
                pod.getMetadata().getDeletionTimestamp() != null,
                time(pod.getMetadata().getCreationTimestamp()).orElse(now),
                terminated(pod).flatMap(end -> time(end.getFinishedAt())).orElse(null),
                state(pod, told, logRead, trouble, now));
    }

    /** The same pod, whose builder keeps the file system of a step that failed; the message is for who wants to see it. */
    static BuilderPod held(BuilderPod plain, Pod pod, Progress.Held held) {
        if (!(plain.state() instanceof State.Working)) {
            return plain;
        }
        String message = held.message() + ". Its file system is kept until " + Attempts.text(held.until())
                + "; to see it: kubectl exec -it -n " + pod.getMetadata().getNamespace() + " "
                + pod.getMetadata().getName() + " -c " + DesiredPod.CONTAINER + " -- /opt/strata/bin/strata-shell";
        return new BuilderPod(
                plain.name(),
                plain.uid(),
                plain.inputs(),
                plain.settings(),
                plain.platform(),
                plain.attempt(),
                plain.generation(),
                plain.isolation(),
                plain.leaving(),
                plain.created(),
                plain.finished(),
                new State.Held(message));
    }

    /** A warning event about a pod: {@code FailedMount}, and what the kubelet says. */
    record Trouble(String reason, String message) {}

    /**
     * A success counts as soon as it is told. A failure counts when the pod has ended, two seconds later at most: only
     * the cluster knows whether the builder failed by itself or because its time, its memory or its node was over.
     */
    private static State state(Pod pod, @Nullable Outcome told, boolean logRead, List<Trouble> trouble, Instant now) {
        if (told instanceof Outcome.Built) {
            return new State.Ended(told);
        }
        String phase =
                pod.getStatus() == null ? "Pending" : text(pod.getStatus().getPhase());
        return switch (phase) {
            case "Succeeded", "Failed" ->
                logRead || told != null || terminated(pod).isEmpty() ? ended(pod, told) : new State.Working();
            default -> nodeLost(pod, now) ? lost("its node no longer answers") : underWay(pod, trouble);
        };
    }

    private static State ended(Pod pod, @Nullable Outcome told) {
        Optional<ContainerStateTerminated> end = terminated(pod);
        Optional<Outcome> word = Optional.ofNullable(told)
                .or(() -> end.map(ContainerStateTerminated::getMessage).flatMap(PodReading::outcome));
        if (word.isPresent() && word.get() instanceof Outcome.Built) {
            return new State.Ended(word.get());
        }
        return fromOutside(pod, end)
                .or(() -> word.map(State.Ended::new))
                .or(() -> end.map(PodReading::withoutAWord))
                .orElseGet(() -> lost(
                        text(pod.getStatus().getMessage()).isEmpty()
                                ? "its container never started"
                                : text(pod.getStatus().getMessage())));
    }

    /** What ended a pod from outside, whatever the builder said while it was being ended. */
    private static Optional<State> fromOutside(Pod pod, Optional<ContainerStateTerminated> end) {
        if (end.map(ContainerStateTerminated::getReason)
                .filter("OOMKilled"::equals)
                .isPresent()) {
            return Optional.of(outOfMemory(pod));
        }
        String reason = text(pod.getStatus().getReason());
        String message = text(pod.getStatus().getMessage());
        if (reason.equals("DeadlineExceeded")) {
            return Optional.of(timedOut(pod));
        }
        if (reason.equals("Evicted")) {
            return Optional.of(lost("it was evicted: " + message));
        }
        if (NODE_REASONS.contains(reason) || condition(pod, "DisruptionTarget").isPresent()) {
            return Optional.of(lost("its node gave it up: " + (message.isEmpty() ? reason : message)));
        }
        return Optional.empty();
    }

    private static State withoutAWord(ContainerStateTerminated end) {
        int code = end.getExitCode() == null ? -1 : end.getExitCode();
        if (code == 137 || code == 143) {
            return lost("its container was killed (exit code " + code + ")");
        }
        String said = lastWords(end.getMessage());
        return new State.Died(
                Reason.INTERNAL_ERROR,
                Fault.OURS,
                Text.cut(
                        "the builder ended with exit code " + code
                                + (end.getReason() == null ? "" : " (" + end.getReason() + ")")
                                + " and did not say why" + said,
                        MESSAGE));
    }

    /** The last lines of a log that are no events: a stack trace, a word of the virtual machine. */
    private static String lastWords(@Nullable String message) {
        List<String> lines = text(message)
                .lines()
                .filter(line -> !line.isBlank() && EventLog.read(line).isEmpty())
                .toList();
        return lines.isEmpty()
                ? ""
                : ":\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_WORDS), lines.size()));
    }

    private static State outOfMemory(Pod pod) {
        String limit = pod.getSpec().getContainers().stream()
                .map(container -> container.getResources())
                .filter(resources -> resources != null && resources.getLimits() != null)
                .map(resources -> resources.getLimits().get("memory"))
                .filter(quantity -> quantity != null)
                .findFirst()
                .map(quantity -> "its limit of " + quantity)
                .orElse("the node's memory");
        return new State.Died(
                Reason.OUT_OF_MEMORY,
                Fault.LOST,
                "the builder pod used more than " + limit + "; raise spec.pod.resources.limits.memory");
    }

    private static State timedOut(Pod pod) {
        Long seconds = pod.getSpec().getActiveDeadlineSeconds();
        if (terminated(pod).isEmpty()
                && container(pod).map(ContainerStatus::getStarted).isEmpty()) {
            return new State.Died(
                    Reason.POD_LOST, Fault.OUTSIDE, "the builder pod did not start within " + seconds + " seconds");
        }
        return new State.Died(
                Reason.TIMED_OUT,
                Fault.USER,
                "the build took longer than its timeout of " + seconds
                        + " seconds; make it shorter or raise spec.timeout");
    }

    private static State lost(String how) {
        return new State.Died(Reason.POD_LOST, Fault.LOST, Text.cut("the builder pod was lost: " + how, MESSAGE));
    }

    private static boolean nodeLost(Pod pod, Instant now) {
        return time(pod.getMetadata().getDeletionTimestamp())
                .filter(deadline -> deadline.plus(PATIENCE_WITH_NODES).isBefore(now))
                .isPresent();
    }

    private static State underWay(Pod pod, List<Trouble> trouble) {
        Optional<ContainerState> container = container(pod).map(ContainerStatus::getState);
        if (container.map(ContainerState::getRunning).isPresent()
                || container.map(ContainerState::getTerminated).isPresent()) {
            return new State.Working();
        }
        Optional<PodCondition> scheduled =
                condition(pod, SCHEDULED).filter(condition -> "False".equals(condition.getStatus()));
        if (scheduled.isPresent()) {
            return waiting(
                    Reason.UNSCHEDULABLE,
                    "no node takes the builder pod",
                    scheduled.get().getMessage());
        }
        ContainerStateWaiting waiting =
                container.map(ContainerState::getWaiting).orElse(null);
        String why = waiting == null || waiting.getReason() == null ? "" : waiting.getReason();
        String message = waiting == null ? null : waiting.getMessage();
        return switch (why) {
            case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError" ->
                waiting(Reason.BUILDER_IMAGE_PULL_FAILED, "the builder's image cannot be pulled", message);
            case "CreateContainerConfigError" ->
                waiting(Reason.VOLUME_FAILED, "the builder pod cannot be set up", message);
            case "CreateContainerError", "RunContainerError" ->
                waiting(Reason.STARTING, "the builder's container does not start", message);
            default -> waitingForTheKubelet(trouble);
        };
    }

    /** A missing volume is told nowhere but in events. */
    private static State waitingForTheKubelet(List<Trouble> trouble) {
        for (Trouble event : trouble) {
            switch (event.reason()) {
                case "FailedMount", "FailedAttachVolume" -> {
                    return waiting(Reason.VOLUME_FAILED, "a volume of the builder pod is not ready", event.message());
                }
                case "FailedCreatePodSandBox" -> {
                    return waiting(Reason.STARTING, "the node cannot start the builder pod", event.message());
                }
                default -> {}
            }
        }
        return new State.Waiting(Reason.STARTING, "the builder pod is being started");
    }

    private static State waiting(Reason reason, String what, @Nullable String message) {
        return new State.Waiting(
                reason, Text.cut(message == null || message.isBlank() ? what : what + ": " + message, MESSAGE));
    }

    /**
     * The outcome in a termination message: the document that the builder wrote, or the last lines of its log, which
     * the kubelet gives where there is none.
     */
    static Optional<Outcome> outcome(String terminationMessage) {
        try {
            return Optional.of(Json.read(terminationMessage.getBytes(StandardCharsets.UTF_8), Outcome.class));
        } catch (IOException | IllegalArgumentException notADocument) {
            return terminationMessage
                    .lines()
                    .flatMap(line -> EventLog.read(line).stream())
                    .filter(Event.Ended.class::isInstance)
                    .map(event -> ((Event.Ended) event).outcome())
                    .reduce((first, last) -> last);
        }
    }

    private static Optional<ContainerStatus> container(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return Optional.empty();
        }
        return pod.getStatus().getContainerStatuses().stream().findFirst();
    }

    static Optional<ContainerStateTerminated> terminated(Pod pod) {
        return container(pod).map(ContainerStatus::getState).map(ContainerState::getTerminated);
    }

    /** Whether its container has begun, so that there is a log. */
    static boolean hasLog(Pod pod) {
        return container(pod)
                .map(ContainerStatus::getState)
                .filter(state -> state.getRunning() != null || state.getTerminated() != null)
                .isPresent();
    }

    /** Whether the scheduler has given it to a node. */
    static boolean hasNode(Pod pod) {
        return pod.getSpec() != null && pod.getSpec().getNodeName() != null;
    }

    /** Since when a condition holds, in whole seconds; empty where it does not, or the cluster does not say. */
    static Optional<Instant> since(Pod pod, String type) {
        return condition(pod, type)
                .filter(condition -> "True".equals(condition.getStatus()))
                .flatMap(condition -> time(condition.getLastTransitionTime()));
    }

    private static Optional<PodCondition> condition(Pod pod, String type) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        return pod.getStatus().getConditions().stream()
                .filter(condition -> type.equals(condition.getType()))
                .findFirst();
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Optional<Instant> time(@Nullable String text) {
        return text == null ? Optional.empty() : Optional.of(Instant.parse(text));
    }
}
