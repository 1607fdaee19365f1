/** The container whose output is logged. */
export interface LogSubject {
  id: string;
  name: string;
  /** `sha256:…` */
  imageId: string;
  /** As the user named it. */
  imageName: string;
  labels: Readonly<Record<string, string>>;
  /** `KEY=value` */
  environment: readonly string[];
}
