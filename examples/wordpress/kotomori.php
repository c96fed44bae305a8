<?php
/**
 * Plugin Name:       Kotomori hook
 * Description:       Tells a Kotomori receiver of comments and posts, signed after Standard Webhooks. It sends nothing else and changes nothing.
 * Version:           1.0.0
 * Requires at least: 5.3
 * Requires PHP:      7.4
 * License:           Apache-2.0 (the same as Kotomori)
 * License URI:       https://www.apache.org/licenses/LICENSE-2.0
 *
 * Put this file in wp-content/plugins/ and switch it on, or in wp-content/mu-plugins/. In wp-config.php:
 *
 *   define( 'KOTOMORI_URL', 'https://kotomori.example.jp/webhook/blog/wako' );
 *   define( 'KOTOMORI_SECRET', 'whsec_…' );  // two, parted by a blank, while the secret is changed
 *   define( 'KOTOMORI_HELD', true );         // only if comments that wait for approval are to be judged too
 *
 * An event is first written into the blog's database (an option of its own) and sent by wp-cron, outside the reader's
 * request: a receiver that is away neither slows the blog down nor loses an event. It is tried for 24 hours.
 */

defined( 'ABSPATH' ) || exit;

if ( defined( 'KOTOMORI_URL' ) && defined( 'KOTOMORI_SECRET' ) ) {
	add_action( 'wp_insert_comment', 'kotomori_inserted', 10, 2 );
	add_action( 'edit_comment', 'kotomori_edited' );
	add_action( 'transition_comment_status', 'kotomori_moved', 10, 3 );
	add_action( 'delete_comment', 'kotomori_deleted', 10, 2 );
	add_action( 'transition_post_status', 'kotomori_post_moved', 10, 3 );
	add_action( 'deleted_post', 'kotomori_post_deleted', 10, 2 );
	add_action( 'kotomori_run', 'kotomori_run' );
	add_action( 'kotomori_sweep', 'kotomori_run' );
	add_action( 'init', 'kotomori_init' );
}
register_deactivation_hook( __FILE__, 'kotomori_off' );

function kotomori_init() {
	if ( ! wp_next_scheduled( 'kotomori_sweep' ) ) { // the net below the single runs
		wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', 'kotomori_sweep' );
	}
}

function kotomori_off() {
	wp_clear_scheduled_hook( 'kotomori_sweep' );
	wp_clear_scheduled_hook( 'kotomori_run' );
}

// Comments. What the public cannot see, spam above all, does not leave the blog; what was sent has the mark _kotomori.

function kotomori_visible( $status ) {
	$status = array( '1' => 'approved', '0' => 'unapproved', 'approve' => 'approved', 'hold' => 'unapproved' )[ $status ] ?? $status;
	return 'approved' === $status || ( 'unapproved' === $status && defined( 'KOTOMORI_HELD' ) && KOTOMORI_HELD );
}

function kotomori_inserted( $id, $comment ) {
	if ( kotomori_visible( $comment->comment_approved ) ) {
		kotomori_comment( 'comment.created', $comment );
	}
}

function kotomori_edited( $id ) {
	$comment = get_comment( $id );
	if ( $comment && kotomori_visible( $comment->comment_approved ) ) {
		kotomori_comment( 'comment.edited', $comment );
	}
}

function kotomori_moved( $new, $old, $comment ) {
	if ( 'delete' === $new || kotomori_visible( $new ) === kotomori_visible( $old ) ) {
		return;
	}
	if ( kotomori_visible( $new ) ) {
		kotomori_comment( 'comment.shown', $comment );
	} elseif ( get_comment_meta( $comment->comment_ID, '_kotomori', true ) ) {
		kotomori_comment( 'comment.hidden', $comment ); // held again, spam or in the trash
	}
}

function kotomori_deleted( $id, $comment ) {
	if ( get_comment_meta( $id, '_kotomori', true ) ) {
		kotomori_comment( 'comment.deleted', $comment );
	}
}

function kotomori_comment( $type, $comment ) {
	$kinds = array( '', 'comment', 'pingback', 'trackback' ); // not the editors' notes and the like
	$staff = $comment->user_id && user_can( (int) $comment->user_id, 'moderate_comments' );
	$post  = get_post( $comment->comment_post_ID );
	if ( ! $post || $staff || ! in_array( $comment->comment_type, $kinds, true ) ) {
		return;
	}
	$data = array(
		'comment' => array( 'id' => (string) $comment->comment_ID ),
		'post'    => array( 'id' => (string) $post->ID ),
	);
	if ( in_array( $type, array( 'comment.created', 'comment.edited', 'comment.shown' ), true ) ) {
		if ( ! kotomori_public( $post, $post->post_status ) ) {
			return;
		}
		$mail   = strtolower( trim( $comment->comment_author_email ) );
		$author = array( 'name' => kotomori_text( $comment->comment_author ) );
		if ( $comment->user_id ) {
			$author['id'] = 'user-' . $comment->user_id;
		} elseif ( '' !== $mail ) {
			$author['id'] = 'guest-' . wp_hash( 'kotomori ' . $mail ); // the address itself stays here
		}
		$data['comment'] += array(
			'text'    => kotomori_text( $comment->comment_content ),
			'author'  => $author,
			'created' => str_replace( ' ', 'T', $comment->comment_date_gmt ) . 'Z',
		);
		$data['post'] = kotomori_post( $post );
		update_comment_meta( $comment->comment_ID, '_kotomori', 1 );
	}
	kotomori_queue( $type, $data );
}

// Posts: what comments are judged against.

function kotomori_public( $post, $status ) {
	return 'publish' === $status && '' === $post->post_password && in_array( $post->post_type, array( 'post', 'page' ), true );
}

function kotomori_post_moved( $new, $old, $post ) {
	if ( kotomori_public( $post, $new ) ) {
		kotomori_queue( 'publish' === $old ? 'post.edited' : 'post.published', array( 'post' => kotomori_post( $post ) ) );
	} elseif ( kotomori_public( $post, $old ) ) {
		kotomori_queue( 'post.deleted', array( 'post' => array( 'id' => (string) $post->ID ) ) );
	}
}

function kotomori_post_deleted( $id, $post = null ) {
	if ( $post && kotomori_public( $post, $post->post_status ) ) {
		kotomori_queue( 'post.deleted', array( 'post' => array( 'id' => (string) $id ) ) );
	}
}

function kotomori_post( $post ) {
	return array(
		'id'    => (string) $post->ID,
		'title' => kotomori_text( $post->post_title, 1000 ),
		'text'  => kotomori_text( strip_shortcodes( $post->post_content ) ),
	);
}

// Plain text; of a link its target is kept beside its words. 15,000 characters are below every limit of Kotomori.
function kotomori_text( $html, $max = 15000 ) {
	$text = preg_replace( '~<a\b[^>]*\bhref=(["\'])(.*?)\1[^>]*>(.*?)</a>~is', '$3 ($2)', (string) $html ) ?? $html;
	return mb_substr( html_entity_decode( wp_strip_all_tags( $text ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ), 0, $max );
}

// Sending.

function kotomori_queue( $type, $data ) {
	static $last = 0;
	$last = max( $last + 1, (int) ( microtime( true ) * 1000 ) ); // no two events of a request at the same millisecond
	$time = ( new DateTimeImmutable( '@' . intdiv( $last, 1000 ) ) )->setTimezone( wp_timezone() );
	$body = wp_json_encode(
		array( 'type' => $type, 'timestamp' => $time->format( sprintf( 'Y-m-d\TH:i:s.%03dP', $last % 1000 ) ), 'data' => $data ),
		JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
	);
	$name = 'kotomori_out_' . str_replace( '-', '', wp_generate_uuid4() );
	if ( ! $body || ! add_option( $name, array( 'body' => $body, 'since' => time() ), '', 'no' ) ) {
		error_log( "kotomori: $type could not be kept for sending" );
		return;
	}
	wp_schedule_single_event( time(), 'kotomori_run' ); // WordPress makes one run of several within ten minutes
	if ( ! ( defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON ) && ! ( defined( 'ALTERNATE_WP_CRON' ) && ALTERNATE_WP_CRON ) ) {
		add_action( 'shutdown', 'spawn_cron', 10, 0 ); // a request to the blog itself, whose answer is not waited for
	}
}

function kotomori_run() {
	global $wpdb;
	$names  = $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'kotomori\_out\_%' ORDER BY option_id" );
	$away   = false;
	$oldest = 0;
	foreach ( $names as $name ) {
		$out = get_option( $name );
		if ( ! is_array( $out ) ) {
			continue; // another run was quicker
		}
		$age    = time() - $out['since'];
		$status = $away ? 0 : kotomori_send( 'msg_' . substr( $name, strlen( 'kotomori_out_' ) ), $out['body'] );
		if ( $status >= 200 && $status < 300 ) {
			delete_option( $name );
			continue;
		}
		if ( ! $away ) {
			error_log( "kotomori: $name: " . ( $status ? "the receiver answered $status" : 'no answer' ) );
		}
		if ( 400 === $status || 413 === $status || $age > DAY_IN_SECONDS ) {
			error_log( "kotomori: $name is given up" ); // 400: Kotomori has kept it among its dead letters
			delete_option( $name );
			continue;
		}
		$away   = $away || in_array( $status, array( 0, 429, 503 ), true ); // the others wait with it
		$oldest = max( $oldest, $age, 1 );
	}
	if ( $oldest ) { // as long again as it has failed already: one minute, two, four … an hour
		$pause = min( HOUR_IN_SECONDS, max( MINUTE_IN_SECONDS, $oldest ) );
		wp_schedule_single_event( time() + $pause + wp_rand( 0, 15 ), 'kotomori_run' );
	}
}

// Posts one event and gives the HTTP status, 0 where there was no answer. On a further try the id and the body are
// the same; the time of the attempt and so the signature are new.
function kotomori_send( $id, $body ) {
	$now        = time();
	$signatures = array();
	foreach ( preg_split( '/\s+/', trim( KOTOMORI_SECRET ) ) as $secret ) {
		$key          = base64_decode( preg_replace( '/^whsec_/', '', $secret ), true );
		$signatures[] = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$now.$body", (string) $key, true ) );
	}
	$answer = wp_remote_post(
		KOTOMORI_URL,
		array(
			'timeout'     => 15,
			'redirection' => 0,
			'body'        => $body,
			'headers'     => array(
				'Content-Type'      => 'application/json',
				'webhook-id'        => $id,
				'webhook-timestamp' => (string) $now,
				'webhook-signature' => implode( ' ', $signatures ),
			),
		)
	);
	return (int) wp_remote_retrieve_response_code( $answer );
}
