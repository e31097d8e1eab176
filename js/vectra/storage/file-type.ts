const words = (list: string): string[] => list.split(' ');

export const ImageFileExt: string[] = words('png jpg jpeg gif bmp tiff tif webp svg heic heif');
export const VideoFileExt: string[] = words('mp4 avi mov wmv flv mkv webm mpg mpeg 3gp');
export const AudioFileExt: string[] = words('mp3 wav flac m4a aac ogg wma aiff alac');
export const MediaFileExt: string[] = [...ImageFileExt, ...VideoFileExt, ...AudioFileExt];
export const ModelFileExt: string[] = words('obj fbx stl dae ply 3ds gltf glb');
export const ArchiveFileExt: string[] = words('zip tar gz 7z rar tgz');
export const SystemFileExt: string[] = words(
  'exe dll bin iso dmg msi deb rpm apk appimage rom efi',
);
export const DatabaseFileExt: string[] = words('sqlite sql mdb accdb');
export const BinaryFileExt: string[] = [
  ...MediaFileExt,
  ...ModelFileExt,
  ...ArchiveFileExt,
  ...SystemFileExt,
  ...DatabaseFileExt,
];
export const DocumentFileExt: string[] = words('pdf doc docx xls xlsx ppt pptx rtf tex');
export const TextDocumentFileExt: string[] = words('txt csv log md rst');
export const CodeFileExt: string[] = words(
  'js ts jsx tsx py java c cpp cs php go rb rs swift kt dart sh bash ps1 bat cmd html css scss sass less xml json yaml yml ini conf cfg env',
);
export const PlainTextFileExt: string[] = [...TextDocumentFileExt, ...CodeFileExt];
export const FileExt: string[] = [...BinaryFileExt, ...DocumentFileExt, ...PlainTextFileExt];

export type ImageFileType = string;
export type VideoFileType = string;
export type AudioFileType = string;
export type MediaFileType = string;
export type ModelFileType = string;
export type ArchiveFileType = string;
export type SystemFileType = string;
export type DatabaseFileType = string;
export type DocumentFileType = string;
export type TextDocumentFileType = string;
export type CodeFileType = string;
export type PlainTextFileType = string;
export type FileType = string;

export const ContentTypeMap: Record<string, FileType> = {
  'text/html': 'html',
  'text/plain': 'txt',
  'text/css': 'css',
  'text/javascript': 'js',
  'text/csv': 'csv',
  'application/json': 'json',
  'application/xml': 'xml',
  'application/javascript': 'js',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/octet-stream': 'bin',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'audio/mpeg': 'mp3',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
};
