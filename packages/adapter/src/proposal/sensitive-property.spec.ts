import { sensitivity } from './sensitive-property.js';

/** Names of columns in applications that are public, as they stand there: Rails, Django, Keycloak, Matrix, n8n, Ghost, Medusa, … */
const secrets = `
password passwd passWord PASSWORD_HASH passwordHash password_hash password_digest encrypted_password hashed_password hashedPassword
user_password userPassword password_salt passwordSalt salt hash userHash pwd pwdHash passphrase admin_password db_password smtpPassword
reset_password_token resetPasswordToken resetToken reset_token passwordResetToken password_reset_token confirmation_token
confirmationToken unlock_token rememberToken remember_token remember_me_token invitation_token invitationToken inviteToken verification_token
verificationToken emailVerificationToken email_verification_token activation_token access_token accessToken oauth.accessToken
refresh_token refreshToken id_token idToken session_token sessionToken csrf_token auth_token authToken authentication_token
api_token apiToken bearer_token deploy_token incoming_email_token feed_token static_object_token runners_token personal_access_token
hashedRefreshToken currentHashedRefreshToken push_token fcmToken device_token deviceToken webhookToken token tokens tokenHash token_hash token_digest
secret secrets client_secret clientSecret clientsecret_secret app_secret appSecret consumer_secret shared_secret signing_secret
webhook_secret webhookSecret secretKey secret_key totp_secret totpSecret two_factor_secret twoFactorSecret otp_secret otpSecret mfaSecret
mfa_secret otp_backup_codes otp otpCode encrypted_otp_secret two_factor_recovery_token recovery_code recoveryCode recovery_codes_hash
api_key apiKey APIKey apikey api_key_hash hashed_api_key private_key privateKey private_key_pem ssh_private_key encryption_key
encryptionKey access_key accessKey aws_secret_access_key accesskey stripe_secret_key credential credentials encrypted_credentials
database_credentials oauth_credentials signature pin pinHash pin_code mfa_token sms_otp
cvv cvc cardNumber card_number credit_card payment.creditCard debitCard
`;
const persons = `
ssn SSN social_security_number socialSecurityNumber socialInsuranceNumber social_insurance_number SIN nationalInsuranceNumber nin
nino national_id nationalId identity_number identityNumber tax_id taxId iban IBAN bic account_number bankAccountNumber pan bsn cpf pesel passport passport_number svnr dob birthdate birth_date
date_of_birth dateOfBirth birthday birth_place street homeAddress billing_address
`;
const others = `
id uuid name firstName last_name email username display_name title description body content notes comment slug status state type kind
role locale language timezone currency amount price total quantity balance discount tax tax_rate vat_rate subtotal sku barcode weight
height width depth color size country city zip postal_code address latitude longitude phone mobile fax website url avatar avatar_url
image image_url thumbnail file_name fileName mime_type file_size fileHash file_hash content_hash contentHash image_hash commit_hash
blockHash block_hash transactionHash tx_hash document_hash schema_hash body_hash page_hash checksum md5 sha256 etag version revision position sort_order
priority rank score rating likes_count views_count created_at updated_at deleted_at published_at expires_at started_at finished_at
lastLoginAt last_login_ip sign_in_count failed_attempts locked_at confirmed_at enabled active archived visible public is_admin isAdmin
hasPassword has_password is_secret isSecret requires_otp mustChangePassword should_reset_password needs_token
keyboard pinned pinned_at is_pinned cardinality spanish company hashtag hashtags monkey apiVersion api_version singleton tokenize
credentialType credential_type passwordChangedAt password_changed_at password_expires_at password_updated_on tokenCount token_count
token_type tokenType tokenExpiry token_expires_at tokenExpiresAt token_id tokenId tokenUrl token_endpoint token_limit secretType secret_name secretName
max_tokens_limit prompt_token_count otp_required otp_enabled mfaEnabled mfa_status two_factor_enabled two_factor_type hash_algorithm
passwordAlgorithm password_provider signature_type signature_algorithm pin_required salt_length tokenSymbol token_decimals token_address
parent_id parentId owner_id customerId order_id line_items payload metadata settings options attributes data extra tags labels
category categories group_id team department salary hired_on gender nickname bio headline summary reason message subject
sender recipient channel topic queue job_id attempts max_attempts delay run_at worker hostname port protocol method path route query
user_agent ip_address referer session_id sessionId event_type event_name source target origin destination carrier tracking_number
trackingNumber invoice_number order_number room seat capacity opening_hours duration interval frequency unit threshold minimum maximum
accessLevel access_level accesses keyword keywords key_name primaryColor keyId publicKey public_key fingerprintable shipping shipped_at
pinterest opinion spinner happiness passenger passengers passing_grade compass hashable nonce_count insurance insured
`;

const wordsIn = (text: string): string[] => text.trim().split(/\s+/);

describe('sensitivity', () => {
  it.each(wordsIn(secrets))('%s looks like a secret', (property) => {
    expect(sensitivity(property)?.of).toBe('secret');
  });

  it.each(wordsIn(persons))('%s looks like data of a person', (property) => {
    expect(sensitivity(property)).toEqual({
      of: 'person',
      isDigits: true,
      reason: expect.stringMatching(/^data of a person, by the words? "/) as string,
    });
  });

  it.each(wordsIn(others))('%s looks like neither', (property) => {
    expect(sensitivity(property)).toBeUndefined();
  });
});
