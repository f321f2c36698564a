import { NamedError } from '#ports/named-error.ts'

/** There is nothing to answer. */
export class EmptyPromptError extends NamedError {}
/** The question alone is longer than a session may carry. */
export class PromptTooLongError extends NamedError {}
/** No model is loaded here, and nobody else could answer. */
export class NoEngineError extends NamedError {}
/** The session ended without an answer. */
export class SessionFailedError extends NamedError {}
/** So many of this node's own questions wait already that no further one is taken. */
export class TooManyQuestionsError extends NamedError {}
/** The model that this node joined with is no longer the one that it computes with. */
export class ModelChangedError extends NamedError {}
/** So many jobs of other nodes wait for the model that no further one is taken. */
export class EngineBusyError extends NamedError {}
