import type { LogSubject } from '#log-drivers/subject.ts';

export const subject: LogSubject = {
  id: '0123456789abcdef'.repeat(4),
  name: 'web',
  imageId: `sha256:${'fedcba9876543210'.repeat(4)}`,
  imageName: 'busybox:latest',
  labels: { 'com.example.team': 'red & blue', role: 'front' },
  environment: ['STAGE=test', 'EMPTY='],
};
