// What an application uses of this library.
export {
  CanceledError,
  ExpiredError,
  FileError,
  NetworkError,
  NotConfirmedError,
  ProblemError,
  RejectedError,
  SluiceError,
  StoreError,
} from "./errors.js";
export type { Phase, Progress } from "./progress.js";
export { Sluice } from "./sluice.js";
export type { NewFile, OfUpload, SendOptions, Settings, UploadOptions, WatchOptions } from "./sluice.js";
export type {
  Declaration,
  Download,
  FieldError,
  Grant,
  PartList,
  Problem,
  Reason,
  Upload,
  UploadStatus,
} from "./wire.js";
