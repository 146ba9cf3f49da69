// What goes over the wire, under the names that the rest of the library uses for it.
import type { components } from "./schema.js";

type Schemas = components["schemas"];

export type Declaration = Schemas["NewUpload"];
export type Download = Schemas["Download"];
export type FieldError = Schemas["FieldError"];
export type Grant = Schemas["Grant"];
export type PartList = Schemas["PartList"];
export type Problem = Schemas["Problem"];
export type Reason = Schemas["Reason"];
export type RequestedPart = Schemas["RequestedPart"];
export type Upload = Schemas["Upload"];
export type UploadedPart = Schemas["UploadedPart"];
export type UploadStatus = Schemas["UploadStatus"];
